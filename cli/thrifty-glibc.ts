/** What the memory allocator of a daemon is told, so that a node at rest gives back what a busy time took. */

/**
 * glibc keeps up to eight heaps a core for its threads and gives little of them back: with two, a node
 * that has written 300,000 facts rests at 262 MB instead of 326. It keeps free memory at the end of a heap:
 * 1 MiB at most; 128 KiB cost 2 % of the processor (measured). And what lies between blocks in use it keeps
 * for good: blocks of 20 KiB or more are mapped by themselves and go back when they are freed (its default
 * is 128 KiB), so that a node rests at 166 MB after 5,000 chats instead of 232. From 16 KiB on each buffer of
 * a stream would be one, and cost five times as much (docs/benchmarks.md). The kernel allows 65,530 mappings.
 */
export const THRIFTY_GLIBC = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_TRIM_THRESHOLD_: String(1024 * 1024),
  MALLOC_MMAP_THRESHOLD_: String(20 * 1024),
  MALLOC_MMAP_MAX_: '16384'
}
