/** `troupe/nats`: a journal on NATS JetStream, which a process on another machine can take over. */

export { natsJournal, type NatsJournalOptions } from "./nats-journal.ts";
