/** Commands on what is sent: `pause`, `resume`, `stop`, `release`, `preview`, `approvals`. */
import { z } from 'zod'
import type { BookPreview } from '../loop/preview-tally.ts'
import type { InterventionLine } from '../store/reads/interventions.ts'
import { minorDigits } from '../contracts/money.ts'
import type { CommandOptions } from './options.ts'
import { runCommand } from './run.ts'
import { serviceCommand } from './service-command.ts'
import { count, many, money, tableLines, type Terminal } from './terminal.ts'

interface OfCompany extends CommandOptions {
  readonly company?: string
}

interface OfPart extends OfCompany {
  readonly action?: string
  readonly channel?: string
  readonly reason?: string
  readonly anyway?: boolean
}

/** `holdfast pause` and `holdfast resume`: everything for everybody, a company, or one action or channel of it. */
export function pauseOrResume(command: 'pause' | 'resume', options: OfPart): Promise<number> {
  return runCommand(options, async (terminal) => {
    const { company, action, channel, reason, anyway } = options
    const result = await serviceCommand(
      command,
      given({ company, action, channel, reason, anyway }),
      terminal,
    )
    terminal.print((command === 'pause' ? pausedWords : resumedWords)(result))
    return result
  })
}

type Result = Readonly<Record<string, unknown>>

function pausedWords({ company, part, already }: Result): string {
  if (company === null)
    return 'Paused: nothing is sent for anybody until "holdfast resume". Scoring and showing go on.'
  if (part === null)
    return `${String(company)}: paused. Nothing is sent until "holdfast resume --company". Scoring and showing go on.`
  return already === true
    ? `${String(company)}: "${String(part)}" was paused already; the first reason stays.`
    : `${String(company)}: "${String(part)}" is neither sent nor chosen until it is resumed. What is open waits.`
}

function resumedWords({ company, part, was, restored }: Result): string {
  if (company === null)
    return `Resumed: what is due is sent. What was paused by itself stays so.${restoredWords(restored)}`
  if (part === null) return `${String(company)}: resumed, what is due is sent.`
  return was === true
    ? `${String(company)}: "${String(part)}" goes on; what waited for it is due.`
    : `${String(company)}: "${String(part)}" was not paused.`
}

const counts = z.object({ sent: z.number(), unsent: z.number(), uncertain: z.number() })

/** Empty where no backup was restored. */
function restoredWords(restored: unknown): string {
  const found = counts.safeParse(restored).data
  if (found === undefined || found.sent + found.unsent + found.uncertain === 0) return ''
  return ` Of what was on its way when the backup was made, ${found.sent} had gone out, ${found.unsent} had not and are sent now, and of ${found.uncertain} nobody can say: they are shown as uncertain and not sent again.`
}

/** `holdfast stop`: the kill switch. */
export function stop(options: OfCompany & { readonly reason?: string }): Promise<number> {
  return runCommand(options, async (terminal) => {
    const { company, reason } = options
    const result = await serviceCommand('stop', given({ company, reason }), terminal)
    terminal.print(
      `${String(result['company'])}: all actions are stopped. ${many(Number(result['cancelled']), 'that was open is', 'that were open are')} cancelled for good, and every decision chooses no action until "holdfast release".`,
    )
    return result
  })
}

/** `holdfast release`. */
export function release(options: OfCompany): Promise<number> {
  return runCommand(options, async (terminal) => {
    const result = await serviceCommand('release', given({ company: options.company }), terminal)
    terminal.print(
      result['was'] === true
        ? `${String(result['company'])}: decisions choose actions again. What was cancelled stays cancelled.`
        : `${String(result['company'])}: the kill switch was not on.`,
    )
    return result
  })
}

/** `holdfast preview`. */
export function preview(options: OfCompany & { readonly whole?: boolean }): Promise<number> {
  return runCommand(options, async (terminal) => {
    const { company, whole } = options
    const result = await serviceCommand('preview', given({ company, whole }), terminal)
    printPreview(terminal, result as unknown as NamedPreview)
    return result
  })
}

const REASONS = 8

interface NamedPreview extends Omit<BookPreview, 'actions' | 'reasons'> {
  readonly company: string
  readonly actions: readonly (BookPreview['actions'][number] & { readonly name: string })[]
  readonly reasons: readonly (BookPreview['reasons'][number] & { readonly actionName: string })[]
}

function printPreview(terminal: Terminal, made: NamedPreview): void {
  const { company, book, customers, nothing, actions, reasons, missing, currency, plannedCostMinor } = made
  const cost = (minor: number): string => money(minor / 10 ** minorDigits(currency), currency)
  terminal.print(
    terminal.style(
      'bold',
      book === 'whole'
        ? `${company}: the whole book, as if actions were on and everybody decided on now`
        : `${company}: what is open and due today, and who is still undecided`,
    ),
  )
  terminal.print(
    customers === 0
      ? 'Everybody is decided on for now.'
      : `${many(customers, 'customer')} decided on; for ${count(nothing)} nothing is worth doing or allowed. It would reserve ${cost(plannedCostMinor)}.`,
  )
  const head = ['action', 'by', 'goes out', 'asks first', 'later', 'waits', 'held back', 'cost']
  const rows = actions.map(({ name, channel, would, plannedCostMinor: minor }) => [
    name,
    channel,
    ...[would.send, would.approval, would.later, would.waits].map(count),
    count(would.suppressed + would.not_possible + would.ends),
    cost(minor),
  ])
  const right = [false, false, true, true, true, true, true, true]
  for (const line of tableLines([head, ...rows], right)) terminal.print(`  ${line}`)
  for (const { actionName, count: customersOf, reason } of reasons.slice(0, REASONS))
    terminal.print(`  ${count(customersOf)} × ${actionName}: ${reason}`)
  for (const one of missing) terminal.warn(one)
  terminal.note('Nothing was written and nothing was sent. --json has the reasons and examples in full.')
}

/** `holdfast approvals`, `holdfast approvals approve <id…>`, `holdfast approvals reject <id…>`. */
export function approvals(
  answer: string | undefined,
  ids: readonly string[],
  options: OfCompany & { readonly note?: string },
): Promise<number> {
  return runCommand(options, async (terminal) => {
    const { company, note } = options
    const result = await serviceCommand('approvals', given({ company, answer, ids, note }), terminal)
    const { answered, waiting, more } = result as unknown as {
      readonly answered: readonly string[]
      readonly waiting: readonly (InterventionLine & { readonly actionName: string })[]
      readonly more: boolean
    }
    if (answered.length > 0) {
      terminal.print(`${count(answered.length)} ${answer === 'approve' ? 'approved' : 'rejected'}.`)
      return result
    }
    terminal.print(
      `${String(result['company'])}: ${waiting.length === 0 ? 'nothing waits' : `${count(waiting.length)}${more ? ' or more' : ''} wait`} for approval.`,
    )
    const rows = waiting.map((one) => [
      one.id,
      one.actionName,
      one.channel,
      one.customerName ?? '',
      money(one.plannedCostMinor / 10 ** minorDigits(one.currency), one.currency),
      new Date(one.expiresAt).toISOString().slice(0, 10),
    ])
    if (rows.length > 0)
      for (const line of tableLines(
        [['id', 'action', 'by', 'customer', 'cost', 'until'], ...rows],
        [false, false, false, false, true, false],
      ))
        terminal.print(`  ${line}`)
    for (const [problem, of] of Map.groupBy(waiting, ({ askProblem }) => askProblem))
      if (problem !== null)
        terminal.warn(
          `${count(of.length)} of them ${of.length === 1 ? 'has' : 'have'} no task in the CRM: ${problem} Answer ${of.length === 1 ? 'it' : 'them'} here: holdfast approvals approve ${of[0].id}`,
        )
    return result
  })
}

function given(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
