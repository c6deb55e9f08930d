#include <stdio.h>
int turns(void);
#ifdef LIBRARY
int turns(void) { return 3; }
#else
int main(void) {
    printf("%d turns\n", turns());
    return 0;
}
#endif
