/** What can go wrong with the org on purpose, beside single calls. */
import { openCallFaults, type CallFaults } from '../../sandbox/faults.ts'

export interface FaultDoors {
  /** Sessions that are open are refused from now on; refresh tokens still work. */
  expireTokens(): void
  /** The consent was taken back: all tokens are gone. */
  revokeTokens(): void
  /** The day's calls are used up. */
  dailyLimit(reached: boolean): void
  /** Other apps of the customer have made so many calls. */
  otherCalls(count: number): void
  moveClock(ms: number): void
}

export interface Faults extends CallFaults, FaultDoors {
  /** Takes back all that were injected, refused sessions and the daily limit; the clock stays. */
  clear(): void
  /** Every session is refused with 401, those just opened too. */
  refuseSessions(refused: boolean): void
  refusesSessions(): boolean
}

export function openFaults(doors: FaultDoors): Faults {
  const calls = openCallFaults()
  let refuses = false
  return {
    ...calls,
    ...doors,
    clear() {
      calls.clear()
      refuses = false
      doors.dailyLimit(false)
    },
    refuseSessions: (refused) => void (refuses = refused),
    refusesSessions: () => refuses,
  }
}
