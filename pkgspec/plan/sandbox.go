package plan

import (
	"fmt"
	"strings"
)

// String returns the limit as docker's --ulimit takes it: "nofile=1024:524288",
// or "memlock=-1" where both limits are the same.
func (u Ulimit) String() string {
	if u.Soft == u.Hard {
		return fmt.Sprintf("%s=%d", u.Name, u.Soft)
	}
	return fmt.Sprintf("%s=%d:%d", u.Name, u.Soft, u.Hard)
}

// UlimitsText returns limits as one text, separated by commas.
func UlimitsText(limits []Ulimit) string {
	texts := make([]string, len(limits))
	for i, u := range limits {
		texts[i] = u.String()
	}
	return strings.Join(texts, ",")
}

// SizeText returns a number of bytes in the largest unit that leaves it whole:
// "2GiB", "1536MiB", "1000B". Docker's options take that form too. Zero, which
// means the default, is "".
func SizeText(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for i < len(units)-1 && bytes%1024 == 0 {
		bytes /= 1024
		i++
	}
	return fmt.Sprintf("%d%s", bytes, units[i])
}
