/**
 * How Node is started for our programs, said once for the launcher and the tests; Dockerfiles and units repeat it, and a
 * test compares them. Node reserves memory for the throughput of busy servers; ours are idle most of the time.
 */

/** The young generation may take 3 × 2 MB instead of 3 × 16 MB and more: what is idle never collects the rest. */
export const nodeFlags = ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=2"] as const;

/** glibc keeps an arena of freed memory for each of many threads otherwise, and gives little of it back. */
export const nodeEnvironment = { MALLOC_ARENA_MAX: "2", MALLOC_TRIM_THRESHOLD_: "131072" } as const;
