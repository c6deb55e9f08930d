// The first process of a step's container: it runs the step's command as its child, reaps
// what the command leaves to it, and ends as the command did. It also ends a command that
// takes too long, and runs one that fails again, if it is told to:
//
//	init [--timeout=SECONDS] [--retries=NUMBER] COMMAND [ARGUMENT]...
//
// The kernel does not deliver to a container's first process a signal that it has no
// handler for, not even SIGKILL when it sends it to itself. A test that were this process
// would go on after an abort() or an assertion's kill, and pass.
//
// There is no C library here: the program must run in any image and stay small, because
// its bytes are part of the definition of every build. build.sh compiles it.

#define ENOENT 2
#define ENOEXEC 8
#define EACCES 13
#define ENOTDIR 20
#define SIGKILL 9
#define SIGTERM 15
#define SIGCHLD 17
#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define WNOHANG 1
#define CLOCK_MONOTONIC 1
#define AT_FDCWD -100
#define O_WRONLY 01
#define O_CREAT 0100
#define O_TRUNC 01000
#define O_CLOEXEC 02000000
#define PR_SET_CHILD_SUBREAPER 36
#define STDERR 2
#define PATH_MAX 4096

// The exit code of a command that took too long. A command that ends with it itself
// exits with OTHER_FAILURE, so that nobody takes the one for the other.
#define TIMED_OUT 253
#define OTHER_FAILURE 1
// What a command has to end in after SIGTERM, as docker stop gives it.
#define GRACE_SECONDS 10

#if defined(__x86_64__)
enum { NR_read = 0, NR_write = 1, NR_close = 3, NR_sigprocmask = 14, NR_getpid = 39, NR_clone = 56, NR_execve = 59,
       NR_exit = 60, NR_wait4 = 61, NR_kill = 62, NR_setsid = 112, NR_sigtimedwait = 128, NR_prctl = 157,
       NR_clock_gettime = 228, NR_openat = 257 };

static long call(long nr, long a, long b, long c, long d, long e)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	__asm__ volatile("syscall" : "=a"(result) : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
	return result;
}

__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall begin\n");

#elif defined(__aarch64__)
enum { NR_openat = 56, NR_close = 57, NR_read = 63, NR_write = 64, NR_exit = 93, NR_clock_gettime = 113, NR_kill = 129,
       NR_sigprocmask = 135, NR_sigtimedwait = 137, NR_setsid = 157, NR_prctl = 167, NR_getpid = 172, NR_clone = 220,
       NR_execve = 221, NR_wait4 = 260 };

static long call(long nr, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
}

__asm__(".globl _start\n_start:\n\tmov x29, #0\n\tmov x0, sp\n\tbl begin\n");

#else
#error "add the system calls of this architecture"
#endif

static void write_text(int file, const char *text)
{
	long n = 0;
	while (text[n])
		n++;
	call(NR_write, file, (long)text, n, 0, 0);
}

static void write_number(int file, int n)
{
	char digits[12];
	int i = sizeof(digits);
	digits[--i] = 0;
	do
		digits[--i] = '0' + n % 10;
	while (n /= 10);
	write_text(file, digits + i);
}

static void print(const char *text) { write_text(STDERR, text); }
static void print_number(int n) { write_number(STDERR, n); }

// print_duration prints seconds as people write them: 1h30m, 45s.
static void print_duration(int seconds)
{
	const struct { int seconds; const char *name; } units[] = {{3600, "h"}, {60, "m"}, {1, "s"}};
	for (unsigned i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (seconds / units[i].seconds == 0)
			continue;
		print_number(seconds / units[i].seconds);
		print(units[i].name);
		seconds %= units[i].seconds;
	}
}

static void leave(int code)
{
	for (;;)
		call(NR_exit, code, 0, 0, 0, 0);
}

// path_of returns the value of PATH, as a container without one has it.
static const char *path_of(char **env)
{
	for (; *env; env++) {
		const char *e = *env;
		if (e[0] == 'P' && e[1] == 'A' && e[2] == 'T' && e[3] == 'H' && e[4] == '=')
			return e + 5;
	}
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

static int has_slash(const char *name)
{
	for (; *name; name++)
		if (*name == '/')
			return 1;
	return 0;
}

// execute replaces this process by a program, which a name without a slash is searched
// for in the folders of PATH. It returns the error, as errno.
static int execute(char **argv, char **env)
{
	const char *name = argv[0], *path = path_of(env);
	if (has_slash(name))
		return -call(NR_execve, (long)name, (long)argv, (long)env, 0, 0);
	int result = ENOENT;
	while (*path) {
		char file[PATH_MAX];
		int n = 0;
		for (; *path && *path != ':'; path++)
			if (n < PATH_MAX - 1)
				file[n++] = *path;
		if (*path == ':')
			path++;
		if (n == 0)
			continue;
		file[n < PATH_MAX - 1 ? n++ : n] = '/';
		const char *c = name;
		for (; *c && n < PATH_MAX - 1; c++)
			file[n++] = *c;
		if (*c)
			continue; // longer than any file's name
		file[n] = 0;
		int err = -call(NR_execve, (long)file, (long)argv, (long)env, 0, 0);
		if (err != ENOENT && err != ENOTDIR)
			result = err;
		if (err != ENOENT && err != ENOTDIR && err != EACCES)
			break;
	}
	return result;
}

static const unsigned long child_signal = 1UL << (SIGCHLD - 1);

static void mask(int how)
{
	call(NR_sigprocmask, how, (long)&child_signal, 0, sizeof(child_signal), 0);
}

// child runs the command, or explains why it cannot.
static void child(char **argv, char **env)
{
	mask(SIG_UNBLOCK);
	call(NR_setsid, 0, 0, 0, 0, 0);
	int err = execute(argv, env);
	print("cannot run ");
	print(argv[0]);
	if (err == ENOENT)
		print(": the image has no such program, or not the interpreter that its first line names\n");
	else if (err == EACCES)
		print(": permission denied\n");
	else if (err == ENOEXEC)
		print(": exec format error: it is neither a program for this platform nor a script that begins with #!\n");
	else {
		print(": error ");
		print_number(err);
		print("\n");
	}
	leave(err == ENOENT ? 127 : 126);
}

struct time { long seconds, nanoseconds; };

static struct time now(void)
{
	struct time t = {0, 0};
	call(NR_clock_gettime, CLOCK_MONOTONIC, (long)&t, 0, 0, 0);
	return t;
}

// await returns 1 once a process has ended, and 0 if it did not within a time. Zero
// seconds are no limit. Other processes that end are reaped.
static int await(long process, int seconds, int *status)
{
	struct time begin = now();
	for (;;) {
		long pid;
		while ((pid = call(NR_wait4, -1, (long)status, WNOHANG, 0, 0)) > 0)
			if (pid == process)
				return 1;
		if (!seconds) {
			call(NR_sigtimedwait, (long)&child_signal, 0, 0, sizeof(child_signal), 0);
			continue;
		}
		struct time t = now(), left = {begin.seconds + seconds - t.seconds, begin.nanoseconds - t.nanoseconds};
		if (left.nanoseconds < 0) {
			left.seconds--;
			left.nanoseconds += 1000000000;
		}
		if (left.seconds < 0)
			return 0;
		call(NR_sigtimedwait, (long)&child_signal, 0, (long)&left, sizeof(child_signal), 0);
	}
}

// end_children kills the processes that were left to this one. It returns 0 if the kernel
// does not tell which those are.
static int end_children(void)
{
	char text[4096];
	long file = call(NR_openat, AT_FDCWD, (long)"/proc/thread-self/children", O_CLOEXEC, 0, 0);
	if (file < 0)
		return 0;
	long n = call(NR_read, file, (long)text, sizeof(text), 0, 0);
	call(NR_close, file, 0, 0, 0, 0);
	// Where the list is longer, its rest is for the next time.
	for (long i = 0, pid = 0; i < n; i++) {
		if (text[i] >= '0' && text[i] <= '9')
			pid = pid * 10 + text[i] - '0';
		else if (pid) {
			call(NR_kill, pid, SIGKILL, 0, 0, 0);
			pid = 0;
		}
	}
	return 1;
}

static int is_first(void) { return call(NR_getpid, 0, 0, 0, 0, 0) == 1; }

// end_all ends what a command left behind, and waits for it, but not for what it may not
// kill. A builder without a process sandbox does not make this the first process, and
// there are others than the command's.
static void end_all(long process)
{
	const struct time pause = {0, 10 * 1000000};
	for (struct time begin = now(); now().seconds - begin.seconds <= GRACE_SECONDS;) {
		call(NR_kill, is_first() ? -1 : -process, SIGKILL, 0, 0, 0);
		if (!is_first() && !end_children())
			return;
		long pid;
		while ((pid = call(NR_wait4, -1, 0, WNOHANG, 0, 0)) > 0)
			;
		if (pid < 0)
			return; // there is no child
		call(NR_sigtimedwait, (long)&child_signal, 0, (long)&pause, sizeof(child_signal), 0);
	}
}

// run runs a command and returns its exit code, or 128 and the number of the signal that
// ended it, or TIMED_OUT.
static int run(char **argv, char **env, int timeout)
{
	long process = call(NR_clone, SIGCHLD, 0, 0, 0, 0);
	if (process == 0)
		child(argv, env);
	if (process < 0) {
		print("cannot start a process: error ");
		print_number(-process);
		print("\n");
		leave(126);
	}
	int status = 0;
	int ended = await(process, timeout, &status);
	if (!ended) {
		print("\nit did not end within ");
		print_duration(timeout);
		print(": it is stopped\n");
		call(NR_kill, is_first() ? -1 : -process, SIGTERM, 0, 0, 0);
		await(process, GRACE_SECONDS, &status);
	}
	end_all(process);
	if (!ended)
		return TIMED_OUT;
	int signal = status & 0x7f, code = status >> 8 & 0xff;
	if (signal) {
		print("ended by signal ");
		print_number(signal);
		print("\n");
		return 128 + signal;
	}
	if (code == TIMED_OUT) {
		print("ended with exit code 253\n");
		return OTHER_FAILURE;
	}
	return code;
}

// record tells with which attempt a command succeeded that failed before.
static void record(int attempt)
{
	long file = call(NR_openat, AT_FDCWD, (long)"/out/attempts", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644, 0);
	if (file < 0) {
		print("cannot write /out/attempts: error ");
		print_number(-file);
		print("\n");
		leave(126);
	}
	write_number(file, attempt);
	write_text(file, "\n");
	call(NR_close, file, 0, 0, 0, 0);
}

// number returns the value of an option, or -1 if an argument is not that option.
static int number(const char *argument, const char *option)
{
	for (; *option; option++, argument++)
		if (*argument != *option)
			return -1;
	int n = 0;
	for (; *argument >= '0' && *argument <= '9' && n < 100000000; argument++)
		n = n * 10 + *argument - '0';
	return *argument ? -1 : n;
}

__attribute__((used, noreturn)) void begin(long *stack)
{
	int argc = (int)stack[0], timeout = 0, retries = 0;
	char **argv = (char **)(stack + 1), **env = argv + argc + 1;
	for (argv++; *argv; argv++) {
		int seconds = number(*argv, "--timeout="), times = number(*argv, "--retries=");
		if (seconds < 0 && times < 0)
			break;
		if (seconds >= 0)
			timeout = seconds;
		else
			retries = times;
	}
	if (!argc || !*argv) {
		print("no command to run\n");
		leave(126);
	}
	mask(SIG_BLOCK); // await asks for it
	call(NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (int attempt = 1;; attempt++) {
		int code = run(argv, env, timeout);
		if (code == 0 && attempt > 1)
			record(attempt);
		// What cannot be run now cannot be run later.
		if (code == 0 || code == 126 || code == 127 || attempt > retries)
			leave(code);
		print("failed with exit code ");
		print_number(code);
		print(": attempt ");
		print_number(attempt + 1);
		print(" of ");
		print_number(retries + 1);
		print("\n");
	}
}
