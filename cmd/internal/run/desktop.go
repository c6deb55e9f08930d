package run

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"path/filepath"
	"strings"

	"jetkit/cmd/internal/userdir"
)

// desktopThings are a screen and sound.
func desktopThings() []Thing {
	const screen = "programs in the container see the screen and the keyboard of your session"
	return []Thing{
		{
			Name:   "x11",
			Passes: "`--env DISPLAY`, `/tmp/.X11-unix`, and your session's cookie with `--env XAUTHORITY`",
			When:   "the variable DISPLAY is set",
			Reason: "windows on your screen", Risk: screen, options: (*planner).x11,
		},
		{
			Name:   "pulse",
			Passes: "`$XDG_RUNTIME_DIR/pulse` and `--env PULSE_SERVER`",
			When:   "PulseAudio, or PipeWire in its place, runs in your session",
			Reason: "sound, by PulseAudio",
			options: func(p *planner) {
				dir := filepath.Join(userdir.Runtime(p.Env), "pulse")
				if filepath.IsAbs(dir) && isDir(dir) {
					p.add("--env", "PULSE_SERVER=unix:"+dir+"/native")
					p.mount(dir, dir)
				}
			},
		},
	}
}

// x11 lets programs open windows: by a copy of the session's cookie that holds under any host name, or, where the
// server asks for none, by letting root in.
func (p *planner) x11() {
	display, _ := p.Env("DISPLAY")
	if display == "" {
		return
	}
	p.add("--env", "DISPLAY="+display)
	p.bind("/tmp/.X11-unix", "/tmp/.X11-unix")
	cookies := wildCookies(p.Cookies)
	if len(cookies) == 0 || p.State == "" {
		if _, err := p.LookPath("xhost"); err == nil {
			p.plan.Xhost = true
			if p.Line.on("detach") {
				p.warn("x11: root stays let in at the X server; to take that back: xhost -si:localuser:root")
			}
		} else {
			p.warn("x11: xauth has no cookie for display %s, and there is no xhost: windows may not open (sudo apt install x11-xserver-utils)", display)
		}
		return
	}
	// A file of its own for each display, overwritten by the next start: a container that runs on keeps its own.
	file := filepath.Join(p.State, "xauth-"+strings.Map(plain, display))
	p.plan.Files = append(p.plan.Files, File{file, cookies, 0o644, "the cookie of display " + display})
	p.mount(file, containerXauth)
	p.add("--env", "XAUTHORITY="+containerXauth)
}

// containerXauth is where the cookie is in a container.
const containerXauth = "/tmp/.docker.xauth"

// plain replaces the characters that do not belong into a file's name.
func plain(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
		return r
	}
	return '_'
}

// familyWild is the family of cookies that hold under any host name: a container has another one than its host.
// https://gitlab.freedesktop.org/xorg/lib/libxau: include/X11/Xauth.h
const familyWild = "ffff"

// wildCookies makes an Xauthority file of what xauth nlist prints: each line is a family and four pairs of a length
// and a text, all in hexadecimal. Lines that are something else are left out.
func wildCookies(listed string) []byte {
	var file bytes.Buffer
	for line := range strings.Lines(listed) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		fields[0] = familyWild
		entry, ok := cookie(fields)
		if ok {
			file.Write(entry)
		}
	}
	return file.Bytes()
}

// cookie encodes one entry: a text of no length has no field.
func cookie(fields []string) ([]byte, bool) {
	entry, err := hex.DecodeString(fields[0])
	if err != nil || len(entry) != 2 {
		return nil, false
	}
	fields = fields[1:]
	for range 4 {
		if len(fields) == 0 {
			return nil, false
		}
		size, err := hex.DecodeString(fields[0])
		if err != nil || len(size) != 2 {
			return nil, false
		}
		entry = append(entry, size...)
		fields = fields[1:]
		length := int(binary.BigEndian.Uint16(size))
		if length == 0 {
			continue
		}
		if len(fields) == 0 {
			return nil, false
		}
		text, err := hex.DecodeString(fields[0])
		if err != nil || len(text) != length {
			return nil, false
		}
		entry = append(entry, text...)
		fields = fields[1:]
	}
	return entry, len(fields) == 0
}
