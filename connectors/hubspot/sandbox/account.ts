/** What a portal says of itself, and what its private apps used today. */
import { API_VERSION } from '../version.ts'
import type { SandboxRoute } from './route.ts'
import { fixedScopes } from './scopes.ts'

const ACCOUNT = `/account-info/${API_VERSION}`
const scopes = fixedScopes('oauth')

export const accountRoutes: readonly SandboxRoute[] = [
  {
    method: 'GET',
    path: `${ACCOUNT}/details`,
    kind: 'call',
    scopes,
    handle({ state, at }) {
      const account = state.account()
      const utcOffsetMilliseconds = offsetOf(account.timeZone, at)
      return {
        status: 200,
        body: {
          portalId: Number(state.portal),
          ...account,
          utcOffset: formatOffset(utcOffsetMilliseconds),
          utcOffsetMilliseconds,
        },
      }
    },
  },
  {
    method: 'GET',
    path: `${ACCOUNT}/api-usage/daily/private-apps`,
    kind: 'call',
    scopes,
    handle({ at, context }) {
      return {
        status: 200,
        body: {
          results: [
            {
              name: 'private-apps-api-calls-daily',
              usageLimit: context.settings.daily,
              currentUsage: context.callsToday(),
              collectedAt: at.toISOString(),
              fetchStatus: 'SUCCESS',
              resetsAt: new Date((Math.floor(at.getTime() / 86_400_000) + 1) * 86_400_000).toISOString(),
            },
          ],
        },
      }
    },
  },
]

function offsetOf(timeZone: string, at: Date): number {
  const name = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
    .formatToParts(at)
    .find(({ type }) => type === 'timeZoneName')?.value
  const found = /GMT([+-])(\d{2}):(\d{2})/.exec(name ?? '')
  if (!found) return 0
  return (found[1] === '-' ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3])) * 60_000
}

function formatOffset(milliseconds: number): string {
  const minutes = Math.abs(milliseconds) / 60_000
  const two = (value: number): string => String(Math.trunc(value)).padStart(2, '0')
  return `${milliseconds < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
}
