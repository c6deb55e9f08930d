// The first process of a test's container: it runs the test as its child, reaps what the
// test leaves to it, and ends as the test did.
//
// The kernel does not deliver to a container's first process a signal that it has no
// handler for, not even SIGKILL when it sends it to itself. A test that were this process
// would go on after an abort() or an assertion's kill, and pass.
//
// There is no C library here: the program must run in any image and stay small, because
// its bytes are part of the definition of every build. build.sh compiles it.

#define AT_LEAST_ONE_ARGUMENT 2
#define ENOENT 2
#define EINTR 4
#define ENOEXEC 8
#define EACCES 13
#define ENOTDIR 20
#define SIGKILL 9
#define SIGCHLD 17
#define PR_SET_CHILD_SUBREAPER 36
#define STDERR 2
#define PATH_MAX 4096

#if defined(__x86_64__)
enum { NR_write = 1, NR_getpid = 39, NR_clone = 56, NR_execve = 59, NR_exit = 60, NR_wait4 = 61,
       NR_kill = 62, NR_setsid = 112, NR_prctl = 157 };

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
enum { NR_write = 64, NR_exit = 93, NR_kill = 129, NR_setsid = 157, NR_prctl = 167, NR_getpid = 172,
       NR_clone = 220, NR_execve = 221, NR_wait4 = 260 };

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

static void print(const char *text)
{
	long n = 0;
	while (text[n])
		n++;
	call(NR_write, STDERR, (long)text, n, 0, 0);
}

static void print_number(int n)
{
	char digits[12];
	int i = sizeof(digits);
	digits[--i] = 0;
	do
		digits[--i] = '0' + n % 10;
	while (n /= 10);
	print(digits + i);
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

// child runs the test's command, or explains why it cannot.
static void child(char **argv, char **env)
{
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

__attribute__((used, noreturn)) void begin(long *stack)
{
	int argc = (int)stack[0];
	char **argv = (char **)(stack + 1), **env = argv + argc + 1;
	if (argc < AT_LEAST_ONE_ARGUMENT) {
		print("no command to run\n");
		leave(126);
	}
	// A builder without a process sandbox does not make this the first process.
	call(NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	long test = call(NR_clone, SIGCHLD, 0, 0, 0, 0);
	if (test == 0)
		child(argv + 1, env);
	if (test < 0) {
		print("cannot start a process: error ");
		print_number(-test);
		print("\n");
		leave(126);
	}
	for (;;) {
		int status = 0;
		long pid = call(NR_wait4, -1, (long)&status, 0, 0, 0);
		if (pid < 0 && pid != -EINTR)
			leave(126); // not possible while the test is a child
		if (pid != test)
			continue;
		// The kernel ends all other processes with a container's first one.
		if (call(NR_getpid, 0, 0, 0, 0, 0) != 1)
			call(NR_kill, -test, SIGKILL, 0, 0, 0);
		int signal = status & 0x7f;
		if (!signal)
			leave(status >> 8 & 0xff);
		print("ended by signal ");
		print_number(signal);
		print("\n");
		leave(128 + signal);
	}
}
