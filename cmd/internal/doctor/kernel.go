package doctor

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
)

// kernelConfig is how the kernel was built.
type kernelConfig struct {
	file string
	text string
}

// maxConfig bounds how much of a kernel's configuration is read, in bytes.
const maxConfig = 4 << 20

// kernelConfig reads how the kernel was built; empty if there is no telling.
func (s *Subject) kernelConfig() kernelConfig {
	const own = "/proc/config.gz"
	if dt, err := s.Machine.ReadFile(own); err == nil {
		if z, err := gzip.NewReader(bytes.NewReader(dt)); err == nil {
			if text, err := io.ReadAll(io.LimitReader(z, maxConfig)); err == nil {
				return kernelConfig{own, string(text)}
			}
		}
	}
	file := "/boot/config-" + s.Machine.Kernel()
	if dt, err := s.Machine.ReadFile(file); err == nil {
		return kernelConfig{file, string(dt)}
	}
	return kernelConfig{}
}

// lacks reports whether the kernel is known to be built without an option.
func (k kernelConfig) lacks(option string) bool {
	return k.text != "" && !strings.Contains(k.text, "\nCONFIG_"+option+"=") && !strings.HasPrefix(k.text, "CONFIG_"+option+"=")
}

// hasRaw reports whether the kernel has a raw table for iptables, and what tells
// that it has none; both are empty if there is no telling.
func (s *Subject) hasRaw() (has bool, evidence string) {
	if dt, err := s.Machine.ReadFile("/proc/net/ip_tables_names"); err == nil {
		for line := range strings.Lines(string(dt)) {
			if strings.TrimSpace(line) == "raw" {
				return true, ""
			}
		}
	}
	// A module that is built aside, as some owners do, is not in the configuration.
	modules := "/lib/modules/" + s.Machine.Kernel()
	for _, list := range []string{"/modules.builtin", "/modules.dep"} {
		if dt, err := s.Machine.ReadFile(modules + list); err == nil && bytes.Contains(dt, []byte("/iptable_raw.ko")) {
			return true, ""
		}
	}
	k := s.kernelConfig()
	if !k.lacks("IP_NF_RAW") {
		return k.text != "", ""
	}
	return false, k.file + ": # CONFIG_IP_NF_RAW is not set"
}
