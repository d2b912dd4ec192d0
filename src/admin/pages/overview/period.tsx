/** What Holdfast did in this period, or would do: from decisions to what reached somebody, and why the rest did not. */
import type { OverviewAnswer } from '../../../server/api/overview-shapes.ts'
import type { Counted } from '../../../server/api/rows.ts'
import { useWords, type Words } from '../../api/frame.ts'
import { rowsHref } from '../../api/rows-href.ts'
import { Figures, type Figure } from '../../parts/figures.tsx'
import { Section } from '../../parts/section.tsx'
import { sumText } from '../../words/sums.ts'
import style from './overview.module.css'
import { PeriodParts } from './period-parts.tsx'

type Funnel = OverviewAnswer['funnel']

export function Period({ overview }: { overview: OverviewAnswer }) {
  const words = useWords()
  const { funnel } = overview
  const earnest = funnel.acting && funnel.mode !== 'dry_run' && funnel.mode !== 'off'
  return (
    <Section
      title={`What Holdfast ${earnest ? 'did' : 'would do'} in ${funnel.name}`}
      aside={<span className="note">{standingOf(funnel)}</span>}
    >
      {funnel.decided.count === 0 ? (
        <p className="second">Nothing is decided yet in {funnel.name}. Decisions follow the next scoring.</p>
      ) : (
        <>
          <div className={style.figures}>
            <Figures figures={figuresOf(overview, words)} />
          </div>
          <PeriodParts overview={overview} />
        </>
      )}
    </Section>
  )
}

function standingOf({ acting, mode }: Funnel): string {
  if (!acting) return 'Actions are not turned on: what is decided is shown, and nothing is sent.'
  return MODES[mode]
}

const MODES: Readonly<Record<Funnel['mode'], string>> = {
  off: 'Sending is off: what is decided is shown, and nothing is sent.',
  dry_run: 'Dry run: what would be sent is recorded, and nobody gets it.',
  sandbox: 'Sandbox: what is sent stays on this machine.',
  test_list: 'Test list: only its addresses get anything.',
  live: 'Live: customers get what is sent.',
}

function figuresOf({ funnel, book }: OverviewAnswer, words: Words): readonly Figure[] {
  const figure = (key: string, label: string, { count, rows }: Counted, note?: string): Figure => {
    const href = rowsHref(rows)
    return {
      key,
      label,
      value: words.count(count),
      note,
      ...(href === undefined || count === 0 ? {} : { href }),
    }
  }
  const { decided, undecided, worth, heldBack, waiting, underWay, uncertain, dropped, wouldBeSent, sent } =
    funnel
  const some = (one: Figure, { count }: Counted): readonly Figure[] => (count === 0 ? [] : [one])
  return [
    figure(
      'decided',
      'decided',
      decided,
      undecided > 0 ? `${words.count(undecided)} of ${words.count(book.customers.count)} not yet` : undefined,
    ),
    figure('worth', 'worth an action', worth, 'the others are left in peace'),
    figure(
      'heldBack',
      'held back',
      heldBack.interventions,
      heldBack.because[0] && `mostly: ${lower(heldBack.because[0].sentence)}`,
    ),
    figure('waiting', waiting.count === 1 ? 'waits for approval' : 'wait for approval', waiting),
    ...some(figure('underWay', 'on their way', underWay, 'planned, put off or going out'), underWay),
    ...some(figure('uncertain', 'may or may not have been sent', uncertain), uncertain),
    ...some(figure('dropped', 'refused, cancelled or expired', dropped), dropped),
    ...some(
      figure('wouldBeSent', 'would be sent', wouldBeSent.interventions, channelsOf(wouldBeSent, words)),
      wouldBeSent.interventions,
    ),
    ...(funnel.acting && (sent.interventions.count > 0 || wouldBeSent.interventions.count === 0)
      ? [
          figure(
            'sent',
            'sent',
            sent.interventions,
            [channelsOf(sent, words), simulatedOf(funnel, words)].filter((text) => text !== '').join(', ') ||
              undefined,
          ),
        ]
      : []),
  ]
}

function channelsOf({ channels }: Funnel['sent'], words: Words): string {
  return channels
    .map(({ channel, interventions: { count }, cost }) => {
      const spent = cost.reporting.minor > 0 ? ` (${sumText(cost, words)})` : ''
      const [one, others] = CHANNELS[channel]
      return `${words.many(count, one, others)}${spent}`
    })
    .join(', ')
}

function simulatedOf({ simulated, sent }: Funnel, words: Words): string {
  if (simulated === 0) return ''
  return simulated === sent.interventions.count
    ? 'all into the sandbox'
    : `${words.count(simulated)} of them into the sandbox`
}

const CHANNELS = { email: ['e-mail', 'e-mails'], sms: ['text', 'texts'], task: ['task', 'tasks'] } as const

const lower = (sentence: string): string =>
  sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, '')
