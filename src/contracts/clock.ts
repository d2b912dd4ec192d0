/** The time, passed in wherever it matters, so that tests and replays set it. */
export type Clock = () => Date

/** The machine's clock. What has to be ordered between processes uses the database's instead. */
export const systemClock: Clock = () => new Date()
