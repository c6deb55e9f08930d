package run

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jetkit/cmd/internal/webcam"
	"jetkit/pkgspec/diag"
)

// Line is a command line of jetkit run: jetkit's own flags, the engine's flags as the user gave them, and what follows
// them.
type Line struct {
	Own Own
	// Flags are the flags for the engine, in the user's order.
	Flags []Given
	// Words are the same as they were written.
	Words   []string
	Image   string
	Command []string
}

// Own are jetkit's own flags.
type Own struct {
	Engine        string
	With, Without []string
	DryRun, Help  bool
	CSI           bool
	// Capture and Output are resolutions as they were given, empty by default.
	Capture, Output string
	MachineRoot     string
}

// Given is a flag for the engine.
type Given struct {
	Name  string // without dashes; never another name's alias
	Value string // "true" or "false" of a flag that takes no value
}

// OwnFlag describes one of jetkit's own flags, for help and completion.
type OwnFlag struct {
	Name   string
	Valued bool // it takes a value
	Usage  string
}

// OwnFlags lists jetkit's own flags. They are the ones that no engine has.
func OwnFlags() []OwnFlag {
	return []OwnFlag{
		{"dry-run", false, "Print the command, one flag a line with its reason, and run nothing"},
		{"with", true, "Pass the thing `NAME` that is not passed by itself, such as docker.sock. Repeatable"},
		{"without", true, "Leave the thing `NAME` out, such as x11. Repeatable"},
		{"engine", true, "Start the container by the program `NAME`: docker, podman or nerdctl (default docker)"},
		{"csi2webcam", false, "Make a webcam of each CSI camera, as long as the container runs"},
		{"csi-capture-res", true, "Have the CSI cameras capture `WIDTHxHEIGHT@FPS` (default 1640x1232@30)"},
		{"csi-output-res", true, "Have the webcams give `WIDTHxHEIGHT@FPS` (default 1280x720@30)"},
	}
}

// set takes the value of a flag of jetkit's own. It reports false for any other flag.
func (o *Own) set(name, value string) (bool, error) {
	var err error
	switch name {
	case "dry-run":
		o.DryRun, err = strconv.ParseBool(value)
	case "csi2webcam":
		o.CSI, err = strconv.ParseBool(value)
	case "help":
		o.Help, err = strconv.ParseBool(value)
	case "with":
		o.With = append(o.With, strings.Split(value, ",")...)
	case "without":
		o.Without = append(o.Without, strings.Split(value, ",")...)
	case "engine":
		o.Engine = value
	case "csi-capture-res":
		o.Capture = value
	case "csi-output-res":
		o.Output = value
	case "machine-root":
		o.MachineRoot = value
	default:
		return false, nil
	}
	if err != nil {
		err = fmt.Errorf("--%s takes no value but true or false, not %q", name, value)
	}
	return true, err
}

// checkCSI checks what was given for webcams.
func (o Own) checkCSI() error {
	for _, given := range []struct{ flag, value string }{{"csi-capture-res", o.Capture}, {"csi-output-res", o.Output}} {
		if given.value != "" && !o.CSI {
			return fmt.Errorf("--%s is of --csi2webcam, which is missing", given.flag)
		}
	}
	if o.CSI && slices.Contains(o.Without, "video") {
		return errors.New("--csi2webcam and --without video contradict each other")
	}
	_, _, err := o.Resolutions()
	return err
}

// Resolutions returns what CSI cameras are to capture, and what webcams of them are to give.
func (o Own) Resolutions() (capture, output webcam.Resolution, err error) {
	capture, output = webcam.DefaultCapture, webcam.DefaultOutput
	if o.Capture != "" {
		if capture, err = webcam.ParseResolution(o.Capture); err != nil {
			return capture, output, fmt.Errorf("--csi-capture-res: %w", err)
		}
	}
	if o.Output != "" {
		if output, err = webcam.ParseResolution(o.Output); err != nil {
			return capture, output, fmt.Errorf("--csi-output-res: %w", err)
		}
	}
	return capture, output, nil
}

// ownSwitches are the flags of jetkit's own that take no value.
func ownSwitches() []string { return []string{"dry-run", "csi2webcam", "help"} }

// parser takes a command line apart.
type parser struct {
	line  *Line
	flags []engineFlag
	rest  []string
	// extra are flags that another engine has, by their names.
	extra map[string]engineFlag
}

// Parse takes the arguments of jetkit run apart as docker does: the first argument that is no flag and no flag's value
// is the image, and everything after it the command. An error is one of usage.
func Parse(args []string) (*Line, error) {
	p := parser{line: &Line{Own: Own{Engine: Docker}}, flags: engineFlags, rest: args, extra: map[string]engineFlag{}}
	for len(p.rest) > 0 {
		word := p.rest[0]
		if word == "-" || !strings.HasPrefix(word, "-") {
			break
		}
		p.rest = p.rest[1:]
		if word == "--" {
			break
		}
		var err error
		if long, isLong := strings.CutPrefix(word, "--"); isLong {
			err = p.long(word, long)
		} else {
			err = p.short(word)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if len(p.rest) > 0 {
		p.line.Image, p.line.Command = p.rest[0], p.rest[1:]
	}
	if p.line.Image == "" && !p.line.Own.Help {
		return nil, errors.New("jetkit run needs an image: jetkit run [FLAGS] IMAGE [COMMAND]")
	}
	return p.line, nil
}

// check compares the flags with the engine, which can be named after them.
func (p *parser) check() error {
	own := p.line.Own
	if err := own.checkCSI(); err != nil {
		return err
	}
	if !slices.Contains(Engines(), own.Engine) {
		return fmt.Errorf("there is no engine %q%s: it can be %s", own.Engine, hint(own.Engine, Engines()), diag.Or(Engines()))
	}
	for _, given := range p.line.Flags {
		if flag := p.extra[given.Name]; !flag.of(own.Engine) {
			return fmt.Errorf("%s has no flag --%s; it is one of %s", own.Engine, given.Name, diag.And(strings.Fields(flag.only)))
		}
	}
	return nil
}

// hint suggests one of some words for a word.
func hint(word string, words []string) string {
	if meant := diag.DidYouMean(word, words); meant != "" {
		return "; " + meant
	}
	return ""
}

// value takes the next argument as a flag's value.
func (p *parser) value(word string) (string, error) {
	if len(p.rest) == 0 {
		return "", fmt.Errorf("%s needs a value", word)
	}
	value := p.rest[0]
	p.rest = p.rest[1:]
	return value, nil
}

// long reads --name, --name=value or --name value.
func (p *parser) long(word, text string) error {
	name, value, valued := strings.Cut(text, "=")
	if isOwn, err := p.own(name, value, valued); isOwn || err != nil {
		return err
	}
	flag, found := p.find(name)
	switch {
	case !found && valued && diag.Nearest(name, p.names()) == "":
		// Newer engines have newer flags: written like this, there is no doubt of where the value ends.
		p.add(engineFlag{name: name}, value, word)
		return nil
	case !found:
		return p.unknown(name)
	case valued:
		p.add(flag, value, word)
	case flag.bool:
		p.add(flag, "true", word)
	default:
		value, err := p.value(word)
		if err != nil {
			return err
		}
		p.add(flag, value, word, value)
	}
	return nil
}

// own reads a flag of jetkit's own; it reports false for another one.
func (p *parser) own(name, value string, valued bool) (bool, error) {
	var probe Own
	isOwn, _ := probe.set(name, "true")
	switch {
	case !isOwn:
		return false, nil
	case valued:
	case slices.Contains(ownSwitches(), name):
		value = "true"
	default:
		var err error
		if value, err = p.value("--" + name); err != nil {
			return true, err
		}
	}
	return p.line.Own.set(name, value)
}

// unknown says that there is no such flag, and what could be meant.
func (p *parser) unknown(name string) error {
	if meant := hint("--"+name, p.dashed()); meant != "" {
		return fmt.Errorf("unknown flag --%s%s", name, meant)
	}
	return fmt.Errorf("unknown flag --%s; one that only a newer engine has is passed on in the form --%s=VALUE", name, name)
}

// short reads flags of one letter: -d, -itd, -v/a:/b, -v=/a:/b, -v /a:/b.
func (p *parser) short(word string) error {
	letters := word[1:]
	var given []Given
	words := []string{word}
	for letters != "" {
		flag, found := p.letter(letters[0])
		if !found {
			return fmt.Errorf("unknown flag -%c in %s%s", letters[0], word, hint("-"+word, p.dashed()))
		}
		letter := letters[:1]
		letters = letters[1:]
		value, valued := strings.CutPrefix(letters, "=")
		switch {
		case valued:
			letters = ""
		case flag.bool:
			value = "true"
		case letters != "":
			value, letters = letters, ""
		default:
			var err error
			if value, err = p.value("-" + letter); err != nil {
				return err
			}
			words = append(words, value)
		}
		given = append(given, Given{flag.name, value})
	}
	p.line.Flags = append(p.line.Flags, given...)
	p.line.Words = append(p.line.Words, words...)
	return nil
}

// add notes a flag for the engine.
func (p *parser) add(flag engineFlag, value string, words ...string) {
	name := flag.name
	if flag.alias != "" {
		name = flag.alias
	}
	p.extra[name] = flag
	p.line.Flags = append(p.line.Flags, Given{name, value})
	p.line.Words = append(p.line.Words, words...)
}

func (p *parser) find(name string) (engineFlag, bool) {
	i := slices.IndexFunc(p.flags, func(f engineFlag) bool { return f.name == name })
	if i < 0 {
		return engineFlag{}, false
	}
	return p.flags[i], true
}

func (p *parser) letter(letter byte) (engineFlag, bool) {
	i := slices.IndexFunc(p.flags, func(f engineFlag) bool { return f.short == letter })
	if i < 0 {
		return engineFlag{}, false
	}
	return p.flags[i], true
}

// names lists all names of flags.
func (p *parser) names() []string {
	var names []string
	for _, own := range OwnFlags() {
		names = append(names, own.Name)
	}
	for _, flag := range p.flags {
		names = append(names, flag.name)
	}
	return names
}

// dashed lists all names of flags as they are written.
func (p *parser) dashed() []string {
	names := p.names()
	for i := range names {
		names[i] = "--" + names[i]
	}
	return names
}
