/*
 * A long line between two network namespaces: packets of one TUN device leave at the other after a delay, through a bottleneck
 * with a queue, some of them lost. One thread for each direction.
 *
 *   relay NAMESPACE_A NAMESPACE_B ONE_WAY_MS LOSS BYTES_PER_SECOND QUEUE_BYTES
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define SLOT_BYTES 1600
#define SLOTS 65536u

struct direction {
  int in, out;
  uint64_t seed;
};

static double loss, bytes_per_ns, queue_bytes;
static uint64_t delay_ns;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int open_tun(const char *namespace) {
  char path[256];
  struct ifreq request = {0};
  snprintf(path, sizeof path, "/var/run/netns/%s", namespace);
  int ns = open(path, O_RDONLY);
  if (ns < 0 || setns(ns, CLONE_NEWNET) != 0) fail(path);
  close(ns);
  int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  strcpy(request.ifr_name, "t0");
  if (tun < 0 || ioctl(tun, TUNSETIFF, &request) != 0) fail("/dev/net/tun");
  return tun;
}

static int is_lost(struct direction *d) {
  d->seed ^= d->seed << 13;
  d->seed ^= d->seed >> 7;
  d->seed ^= d->seed << 17;
  return (d->seed >> 11) / 9007199254740992.0 < loss;
}

static void wait_for(int fd, uint64_t until) {
  struct pollfd readable = {fd, POLLIN, 0};
  struct timespec timeout, *limit = NULL;
  if (until > 0) {
    uint64_t now = now_ns();
    if (until <= now) return;
    timeout.tv_sec = (until - now) / 1000000000ull;
    timeout.tv_nsec = (until - now) % 1000000000ull;
    limit = &timeout;
  }
  ppoll(&readable, 1, limit, NULL);
}

static void *carry(void *argument) {
  struct direction *d = argument;
  uint8_t *slots = malloc((size_t)SLOTS * SLOT_BYTES);
  uint64_t *due = malloc(SLOTS * sizeof *due);
  uint16_t *lengths = malloc(SLOTS * sizeof *lengths);
  uint64_t head = 0, tail = 0;
  double free_at = 0;
  prctl(PR_SET_TIMERSLACK, 1000);
  for (;;) {
    uint64_t now = now_ns();
    int worked = 0;
    for (; head != tail && due[head % SLOTS] <= now; head++, worked++) {
      if (write(d->out, slots + (head % SLOTS) * SLOT_BYTES, lengths[head % SLOTS]) < 0) continue;
    }
    for (int i = 0; i < 64 && tail - head < SLOTS; i++) {
      uint8_t *slot = slots + (tail % SLOTS) * SLOT_BYTES;
      int length = read(d->in, slot, SLOT_BYTES);
      if (length <= 0) break;
      worked++;
      if (is_lost(d)) continue;
      if (i % 16 == 0) now = now_ns();
      if (free_at < now) free_at = now;
      if ((free_at - now) * bytes_per_ns + length > queue_bytes) continue;
      free_at += length / bytes_per_ns;
      due[tail % SLOTS] = (uint64_t)free_at + delay_ns;
      lengths[tail % SLOTS] = length;
      tail++;
    }
    if (worked == 0) wait_for(d->in, head == tail ? 0 : due[head % SLOTS]);
  }
  return NULL;
}

int main(int count, char **words) {
  if (count != 7) return 2;
  delay_ns = atof(words[3]) * 1e6;
  loss = atof(words[4]);
  bytes_per_ns = atof(words[5]) / 1e9;
  queue_bytes = atof(words[6]);
  int a = open_tun(words[1]), b = open_tun(words[2]);
  struct direction there = {a, b, 0x9E3779B97F4A7C15ull}, back = {b, a, 0xD1B54A32D192ED03ull};
  pthread_t first, second;
  puts("ready");
  fflush(stdout);
  pthread_create(&first, NULL, carry, &there);
  pthread_create(&second, NULL, carry, &back);
  pthread_join(first, NULL);
}
