package pkgspec

import "testing"

func TestImageProblems(t *testing.T) {
	checkProblems(t, []problem{
		{"image", `packages: a
image: {workdir: app, user: "a b", env: {A B: 1}, labels: {"a b": 1, io.jetkit.plan: x}}
`, `
«app» jetson.yaml:2:18: error: image.workdir: the folder "app" is not absolute [bad-value]
    hint: begin it with /
«"a b"» jetson.yaml:2:29: error: image.user: "a b" is not a user [bad-value]
    hint: write a name or number, and if need be a group after a colon: 1000:1000
«A B» jetson.yaml:2:42: error: image.env: "A B" is not the name of a variable [bad-value]
    hint: use letters, digits and _, and begin with a letter
«"a b"» jetson.yaml:2:60: error: image.labels: "a b" is not the name of a label [bad-value]
    hint: use letters, digits and punctuation, as in org.opencontainers.image.title
«io.jetkit.plan» jetson.yaml:2:70: error: image.labels: labels that begin with io.jetkit. are jetkit's own [reserved-name]
    hint: use a prefix of your own
`},
		{"what containers have", `packages: a
image:
  ports: [8080:80, 70000, 9-8, 80/http]
  volumes: [data, /]
  stop_signal: SIGSTOPP
  shell: bash
  env: {A: cost $5, B: "${X", C: 'a \$5'}
  annotations: {io.jetkit.x: 1}
`, `
«8080:80» jetson.yaml:3:11: error: image.ports: "8080:80" is not a port [bad-value]
    hint: write the port inside the container alone: docker run -p says where it is outside
«70000» jetson.yaml:3:20: error: image.ports: "70000" is not a port or a range of ports from 1 to 65535 [bad-value]
«9-8» jetson.yaml:3:27: error: image.ports: "9-8" is not a port or a range of ports from 1 to 65535 [bad-value]
«80/http» jetson.yaml:3:32: error: image.ports: "80/http" is not a port [bad-value]
    hint: write the port inside the container, or a range of them: 8080, 8080/udp, 8000-8010
«data» jetson.yaml:4:13: error: image.volumes: "data" cannot be a volume [bad-value]
    hint: write a folder's absolute path, such as /data
«/» jetson.yaml:4:19: error: image.volumes: "/" cannot be a volume [bad-value]
    hint: write a folder's absolute path, such as /data
«SIGSTOPP» jetson.yaml:5:16: error: image.stop_signal: "SIGSTOPP" is not a signal [bad-value]
    hint: write a name, such as SIGINT, or a number from 1 to 64
«bash» jetson.yaml:6:10: error: image.shell must be a list of words, not a text [wrong-type]
    hint: write - VALUE on lines of their own, or [VALUE, VALUE]
«cost $5» jetson.yaml:7:12: error: image.env.A: a $ is not followed by the name of a variable [bad-value]
    hint: write \$ for a $, and $NAME or ${NAME} for a variable
«"${X"» jetson.yaml:7:24: error: image.env.B: a $ is not followed by the name of a variable [bad-value]
    hint: write \$ for a $, and $NAME or ${NAME} for a variable
«io.jetkit.x» jetson.yaml:8:17: error: image.annotations: annotations that begin with io.jetkit. are jetkit's own [reserved-name]
    hint: use a prefix of your own
`},
		{"health checks", `packages: a
image:
  healthcheck:
    test: [curl, localhost]
    interval: 500ms
    timeout: none
    retries: 0
    period: 2m
`, `
«[curl, localhost]» jetson.yaml:4:11: error: image.healthcheck.test: the list begins with "curl", not with CMD, CMD-SHELL or NONE [bad-value]
    hint: write [CMD, curl, ...]
«500ms» jetson.yaml:5:15: error: image.healthcheck.interval: "500ms" is not a duration [bad-value]
    hint: write hours, minutes and whole seconds: 30s, 1m30s
«none» jetson.yaml:6:14: error: image.healthcheck.timeout: "none" is not a duration [bad-value]
    hint: write hours, minutes and whole seconds: 30s, 1m30s
«0» jetson.yaml:7:14: error: image.healthcheck.retries: "0" is not a number from 1 to 1000 [bad-value]
«period» jetson.yaml:8:5: error: unknown key "period" in image.healthcheck [unknown-key]
    hint: it can be test, interval, timeout, retries, start_period or start_interval
`},
		{"health checks that are none", `packages: a
image: {healthcheck: {test: [CMD-SHELL, curl, localhost]}}
`, `
«[CMD-SHELL, curl, localhost]» jetson.yaml:2:29: error: image.healthcheck.test: CMD-SHELL is followed by 2 words [bad-value]
    hint: write [CMD, WORD, ...], [CMD-SHELL, SCRIPT] or [NONE]
`},
		{"a health check that is a list", `packages: a
image: {healthcheck: [CMD, curl]}
`, `
«[CMD, curl]» jetson.yaml:2:22: error: image.healthcheck must be a mapping of keys, not a list [wrong-type]
    hint: write KEY: VALUE on lines of their own below it, indented
`},
	})
}
