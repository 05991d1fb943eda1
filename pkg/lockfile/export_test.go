package lockfile

var ParseOwn = parseOwn
