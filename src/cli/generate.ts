/** `holdfast generate`: a file of synthetic customers, to try things out on. */
import { writeWorld } from '../../connectors/world/write.ts'
import { dayOf, isoDay, type CommandOptions } from './options.ts'
import { runCommand } from './run.ts'
import { count } from './terminal.ts'

export interface GenerateOptions extends CommandOptions {
  readonly rows: number
  readonly seed: number
  readonly asOf: string
  readonly outcome?: boolean
  readonly out: string
}

export function generate(options: GenerateOptions): Promise<number> {
  return runCommand(options, async (terminal) => {
    const started = performance.now()
    const { rows, bytes } = await writeWorld(options.out, {
      rows: options.rows,
      seed: options.seed,
      asOf: isoDay(dayOf(options.asOf, '--as-of')),
      outcome: options.outcome === true,
    })
    const seconds = Number(((performance.now() - started) / 1000).toFixed(3))
    terminal.print(`${count(rows)} synthetic customers in ${options.out}`)
    return { rows, bytes, out: options.out, seconds }
  })
}
