/* Looks for a System V message queue by its key and a POSIX one by its name; `make` makes both first. */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    int make = strcmp(argv[1], "make") == 0;
    key_t key = (key_t) strtol(argv[2], NULL, 10);
    struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 8};
    int queue = msgget(key, make ? IPC_CREAT | IPC_EXCL | 0666 : 0);
    printf("sysv %s\n", queue >= 0 ? "there" : errno == ENOENT ? "none" : strerror(errno));
    mqd_t posix = make ? mq_open(argv[3], O_CREAT | O_EXCL | O_RDWR, 0666, &attr) : mq_open(argv[3], O_RDONLY);
    printf("posix %s\n", posix != (mqd_t) -1 ? "there" : errno == ENOENT ? "none" : strerror(errno));
    fflush(stdout);
    if (make) getchar();
    return 0;
}
