package progress_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"jetkit/integration/progress"
)

const build = `#0 building with "b" instance using remote driver

#1 [internal] load build definition from jetson.yaml
#1 transferring dockerfile: 300B done
#1 DONE 0.0s

#5 [base] FROM 127.0.0.1:5000/debian
#5 DONE 0.1s

#13 [1/2] FROM 127.0.0.1:5000/debian
#13 DONE 0.1s

#6 [numpy 1/1] RUN apt-get install
#6 0.112 Reading package lists...
#6 CACHED

#7 [test numpy] test.py
#7 0.334 numpy 1.24
#7 ...

#8 [cmake 1/1] RUN make
#8 DONE 2.5s

#9 [context base] load metadata for 127.0.0.1:5000/debian
#9 DONE 0.1s

#10 [linux/arm64 test numpy on image] test.py
#10 DONE 0.5s

#11 [torch 1/1] COPY torch /torch
#11 sha256:0824b574642ba6b0dacee4a58ec43f6a60bd8d58e9be2446353f4ffc783a96c9 194B / 194B 0.0s done
#11 extracting sha256:0824b574642ba6b0dacee4a58ec43f6a60bd8d58e9be2446353f4ffc783a96c9 0.0s done
#11 DONE 0.3s

#12 [sums 1/1] RUN sha256sum
#12 0.100 sha256:0824b574642ba6b0dacee4a58ec43f6a60bd8d58e9be2446353f4ffc783a96c9
#12 DONE 0.3s

#7 [test numpy] test.py
#7 1.000 1.0 is a number
#7 ERROR: process "python3 /test/test.py" did not complete successfully: exit code: 1
`

func TestParse(t *testing.T) {
	steps := progress.Parse(build)
	test := progress.Find(steps, "[test numpy]")
	if assert.NotNil(t, test, "failed test") {
		if assert.True(t, test.Failed, "failed test") {
			if assert.False(t, test.Ran, "failed test") {
				if assert.Len(t, test.Output, 2, "failed test") {
					assert.Equal(t, "1.0 is a number", test.Output[1], "failed test")
				}
			}
		}
	}
	s := progress.Find(steps, "[numpy")
	if assert.NotNil(t, s, "cached step") {
		if assert.True(t, s.Cached, "cached step") {
			assert.False(t, s.Ran, "cached step")
		}
	}
	ran := progress.Executed(steps)
	s = progress.Find(steps, "[torch")
	if assert.NotNil(t, s, "a step whose result was fetched") {
		assert.True(t, s.Cached, "a step whose result was fetched")
	}
	if assert.Len(t, ran, 3, "executed") {
		assert.Equal(t, "[sums 1/1] RUN sha256sum", ran[2].Name, "executed")
		assert.Equal(t, "[linux/arm64 test numpy on image] test.py", ran[1].Name, "executed")
		assert.Equal(t, "[cmake 1/1] RUN make", ran[0].Name, "executed")
		assert.Equal(t, 2500*time.Millisecond, ran[0].Time, "executed")
	}
	assert.Nil(t, progress.Find(steps, "[nothing"), "found a step that is not there")
}
