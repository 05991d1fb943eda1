package signature

// ParseAllowedSignersIn is ParseAllowedSigners in another time zone than that of the machine.
var ParseAllowedSignersIn = parseAllowedSigners
