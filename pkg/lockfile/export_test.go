package lockfile

var ParseFormatted = parseFormatted
