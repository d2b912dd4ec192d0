/** What can go wrong with the portal on purpose, beside single calls. */
import { openCallFaults, type CallFaults } from '../../sandbox/faults.ts'

export interface Faults extends CallFaults, FaultDoors {
  /** Takes back all that were injected, the lack of scopes and the daily limit; the clock and the lag stay. */
  clear(): void
  withoutScope(scope: string): void
  missingScopes(): ReadonlySet<string>
}

export interface FaultDoors {
  /** Access tokens that are out are refused from now on; refresh tokens still work. */
  expireTokens(): void
  /** The app was uninstalled: all its tokens are gone. */
  revokeTokens(): void
  dailyLimit(reached: boolean): void
  indexLag(ms: number): void
  moveClock(ms: number): void
}

export function openFaults(doors: FaultDoors): Faults {
  const calls = openCallFaults()
  const missing = new Set<string>()
  return {
    ...calls,
    ...doors,
    clear() {
      calls.clear()
      missing.clear()
      doors.dailyLimit(false)
    },
    withoutScope: (scope) => void missing.add(scope),
    missingScopes: () => missing,
  }
}
