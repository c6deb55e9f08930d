package run

// xhostAdd and xhostRemove let programs of this machine's root at the X server, and no longer.
var (
	xhostAdd    = []string{"xhost", "+si:localuser:root"}
	xhostRemove = []string{"xhost", "-si:localuser:root"}
)
