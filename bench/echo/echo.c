/*
 * Echo server and load for bench/path.ts: Node's own sockets are slower than some of the paths that are measured.
 *   echo server PORT              UDP echo; TCP is read to its end and answered with the sum of bytes
 *   echo rtt HOST PORT COUNT      median round trip of 100 bytes over UDP, in microseconds
 *   echo flood HOST PORT MS       echoes a second over UDP, 64 datagrams under way
 *   echo bulk HOST PORT MS        gigabits a second over TCP, 64 kB writes
 * Each prints one number.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { payload = 100, window = 64, chunk = 64 * 1024, waitMs = 1000 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void must(int ok, const char *what) {
  if (ok) return;
  perror(what);
  exit(1);
}

static struct sockaddr_in address(const char *host, const char *port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  inet_pton(AF_INET, host, &to.sin_addr);
  return to;
}

static int dial(int kind, const char *host, const char *port) {
  struct sockaddr_in to = address(host, port);
  int fd = socket(AF_INET, kind, 0);
  must(connect(fd, (struct sockaddr *)&to, sizeof to) == 0, "connect");
  struct timeval limit = {.tv_sec = 1};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return fd;
}

static _Noreturn void *echo_datagrams(void *given) {
  int fd = *(int *)given;
  char buffer[2048];
  struct sockaddr_in from;
  for (;;) {
    socklen_t length = sizeof from;
    ssize_t got = recvfrom(fd, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &length);
    if (got > 0) sendto(fd, buffer, got, 0, (struct sockaddr *)&from, length);
  }
}

static void *serve_stream(void *given) {
  int fd = (int)(intptr_t)given;
  char *buffer = malloc(chunk);
  uint64_t sum = 0;
  ssize_t got;
  while ((got = read(fd, buffer, chunk)) > 0) sum += got;
  if (write(fd, &sum, sizeof sum) < 0) perror("write");
  close(fd);
  free(buffer);
  return NULL;
}

static _Noreturn int server(const char *port) {
  struct sockaddr_in at = address("0.0.0.0", port);
  int datagrams = socket(AF_INET, SOCK_DGRAM, 0), streams = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(streams, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  must(bind(datagrams, (struct sockaddr *)&at, sizeof at) == 0, "bind");
  must(bind(streams, (struct sockaddr *)&at, sizeof at) == 0, "bind");
  must(listen(streams, 64) == 0, "listen");
  pthread_t thread;
  pthread_create(&thread, NULL, echo_datagrams, &datagrams);
  for (;;) {
    int fd = accept(streams, NULL, NULL);
    if (fd < 0) continue;
    pthread_create(&thread, NULL, serve_stream, (void *)(intptr_t)fd);
    pthread_detach(thread);
  }
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static int rtt(const char *host, const char *port, int count) {
  int fd = dial(SOCK_DGRAM, host, port);
  char buffer[payload] = {0};
  double *took = calloc(count, sizeof *took);
  int done = 0, lost = 0;
  while (done < count) {
    double from = now();
    must(send(fd, buffer, payload, 0) == payload, "send");
    if (recv(fd, buffer, payload, 0) != payload) {
      must(++lost < 10, "recv");
      continue;
    }
    took[done++] = now() - from;
  }
  qsort(took, count, sizeof *took, ascending);
  printf("%.2f\n", took[count / 2] * 1e6);
  return 0;
}

static int flood(const char *host, const char *port, int ms) {
  int fd = dial(SOCK_DGRAM, host, port);
  char buffer[payload] = {0};
  double from = now(), until = from + ms / 1e3;
  long echoes = 0;
  int under_way = 0;
  while (now() < until) {
    while (under_way < window && send(fd, buffer, payload, 0) == payload) under_way++;
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    if (poll(&ready, 1, waitMs / 20) == 0) {
      under_way = 0; /* lost */
      continue;
    }
    while (recv(fd, buffer, payload, MSG_DONTWAIT) == payload) {
      echoes++;
      under_way--;
      if (under_way < 0) under_way = 0;
    }
  }
  printf("%.0f\n", echoes / (now() - from));
  return 0;
}

static int bulk(const char *host, const char *port, int ms) {
  int fd = dial(SOCK_STREAM, host, port);
  char *buffer = calloc(1, chunk);
  double from = now(), until = from + ms / 1e3;
  while (now() < until) must(write(fd, buffer, chunk) > 0, "write");
  shutdown(fd, SHUT_WR);
  uint64_t sum = 0;
  struct timeval limit = {.tv_sec = 10};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  must(recv(fd, &sum, sizeof sum, MSG_WAITALL) == sizeof sum, "recv");
  printf("%.3f\n", sum * 8 / (now() - from) / 1e9);
  return 0;
}

int main(int count, char **words) {
  if (count == 3 && !strcmp(words[1], "server")) return server(words[2]);
  if (count == 5 && !strcmp(words[1], "rtt")) return rtt(words[2], words[3], atoi(words[4]));
  if (count == 5 && !strcmp(words[1], "flood")) return flood(words[2], words[3], atoi(words[4]));
  if (count == 5 && !strcmp(words[1], "bulk")) return bulk(words[2], words[3], atoi(words[4]));
  fprintf(stderr, "see the head of echo.c\n");
  return 64;
}
