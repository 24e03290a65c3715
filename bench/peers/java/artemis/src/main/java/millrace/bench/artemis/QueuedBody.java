package millrace.bench.artemis;

/** What a record holds. */
record QueuedBody(int queue, byte[] body) { }
