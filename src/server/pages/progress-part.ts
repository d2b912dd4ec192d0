/** What runs right now, and how far it is. */
import type { ConnectionView, StepView } from '../../store/reads/connections.ts'
import { html, type Markup, type Piece } from './html.ts'
import { stepDoing } from './labels.ts'
import type { Place } from './place.ts'

export interface RunningStep {
  readonly connection: ConnectionView
  readonly step: StepView
}

export function runningSteps(connections: readonly ConnectionView[]): readonly RunningStep[] {
  return connections.flatMap((connection) =>
    connection.steps.filter(({ running }) => running).map((step) => ({ connection, step })),
  )
}

/** Always there, so that a script finds where to put what begins later. */
export function progressPart(connections: readonly ConnectionView[], { formats, now }: Place): Markup {
  const running = runningSteps(connections)
  const bars = running.map(({ connection, step }): Piece => {
    const run = step.lastRun?.status === 'running' ? step.lastRun : null
    const done = run?.done ?? 0
    const total = run?.total ?? null
    const far =
      total === null
        ? done > 0
          ? formats.count(done)
          : 'begins'
        : `${formats.count(done)} of ${formats.count(total)}`
    const since = run === null ? null : html` · ${formats.duration(now.getTime() - run.startedAt.getTime())}`
    const bar =
      total === null || total === 0
        ? html`<progress aria-label="${stepDoing(step.step)}"></progress>`
        : html`<progress
            aria-label="${stepDoing(step.step)}"
            max="${total}"
            value="${Math.min(done, total)}"
          ></progress>`
    return html`<div class="progress">
      <span class="strong">${stepDoing(step.step)}</span>
      <span class="second">${connection.name} · ${far}${since}</span>${bar}
    </div>`
  })
  const next =
    running.length === 0 &&
    connections.some(
      ({ status, steps }) =>
        status === 'active' &&
        steps.some(({ dueAt, error }) => dueAt !== null && dueAt <= now && error === null),
    )
  return html`<div id="progress" data-live${(running.length > 0 || next) && html` data-running`}>
    ${bars}
  </div>`
}
