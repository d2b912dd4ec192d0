/** The stages of the funnel as bars, each leading to its rows; below each what was left behind there, and why. */
import type { ReactNode } from 'react'
import type { FunnelAnswer } from '../../../server/api/funnel.ts'
import { useWords } from '../../api/frame.ts'
import { listHref } from '../../api/rows-href.ts'
import { Bars, type Bar } from '../../parts/bars.tsx'
import { Figures } from '../../parts/figures.tsx'
import { Section } from '../../parts/section.tsx'

type Made = FunnelAnswer['total']['made']

interface Counted {
  readonly count: number
  readonly list: string
}

interface Stage extends Counted {
  readonly key: string
  readonly label: string
  readonly note?: ReactNode
  readonly color?: Bar['color']
}

function useBars(): (stages: readonly Stage[]) => readonly Bar[] {
  const words = useWords()
  return (stages) =>
    stages.map(({ key, label, count, list, note, color = 'accent' }) => {
      const href = count > 0 ? listHref(list) : undefined
      return {
        key,
        label,
        value: count,
        text: words.count(count),
        color,
        ...(note === undefined ? {} : { note }),
        ...(href === undefined ? {} : { href }),
      }
    })
}

export function Decided({ funnel }: { funnel: FunnelAnswer }) {
  const words = useWords()
  const bars = useBars()
  const { decided, compared, unvalued, notWorth, total } = funnel
  const { worth, possible, heldBack, passedOver, chosen } = total.decided
  const promised = chosen.money
    .filter(({ expectedValueMinor }) => expectedValueMinor !== 0)
    .map(({ expectedValueMinor, currency }) => words.gain(expectedValueMinor, currency))
  const stages: readonly Stage[] = [
    { key: 'decided', label: 'Decided on', ...decided },
    {
      key: 'compared',
      label: 'Left alone, to compare with',
      color: 'third',
      ...compared,
    },
    ...(unvalued.count === 0
      ? []
      : [
          {
            key: 'unvalued',
            label: 'Nobody can say what an action is worth',
            color: 'third' as const,
            ...unvalued,
          },
        ]),
    { key: 'notWorth', label: 'No action is worth its cost', color: 'third', ...notWorth },
    { key: 'worth', label: 'Something is worth its cost', ...worth },
    { key: 'held', label: 'None of that was possible', color: 'third', ...heldBack },
    { key: 'possible', label: 'Something of it was possible', ...possible },
    {
      key: 'passed',
      label: 'Passed over: the budget does more elsewhere, or chance',
      color: 'third',
      ...passedOver,
    },
    {
      key: 'chosen',
      label: 'An action was chosen',
      ...chosen,
      ...(promised.length === 0 ? {} : { note: `${promised.join(', ')} expected over doing nothing` }),
    },
  ]
  return <Bars caption="From everybody to an action" bars={bars(stages)} />
}

export function Made({ made }: { made: Made }) {
  const bars = useBars()
  const all: readonly Stage[] = [
    { key: 'made', label: 'Made', note: 'by decisions, and by people', ...made.made },
    { key: 'waits', label: 'Wait for an answer', color: 'medium', ...made.awaitingApproval },
    { key: 'uncertain', label: 'Uncertain whether they went out', color: 'high', ...made.uncertain },
    { key: 'underway', label: 'On their way', ...made.underWay },
    { key: 'snoozed', label: 'Snoozed', color: 'third', ...made.snoozed },
    { key: 'putoff', label: 'Put off', color: 'third', ...made.putOff },
    { key: 'held', label: 'Held back', color: 'third', ...made.heldBack },
    { key: 'ended', label: 'Rejected, cancelled or expired', color: 'third', ...made.ended },
    { key: 'dry', label: 'Would have gone out (dry run)', color: 'low', ...made.dryRun },
    { key: 'simulated', label: 'Went into the sandbox', color: 'low', ...made.simulated },
    { key: 'sent', label: 'Went out', ...made.sent },
  ]
  return (
    <Bars
      caption="What became of the actions"
      bars={bars(all.filter(({ key, count }) => count > 0 || key === 'made' || key === 'sent'))}
    />
  )
}

const HEARD: Readonly<Record<keyof Made['sent']['heard'], string>> = {
  answered: 'answered',
  done: 'calls and offers made',
  redeemed: 'offers taken',
  bounced: 'did not arrive',
  opted_out: 'opted out',
  complained: 'complained',
}

/** Of what went out, or into the sandbox where nothing went out. */
export function WhatCameBack({ made }: { made: Made }) {
  const words = useWords()
  const simulated = made.sent.count === 0
  const of = simulated ? made.simulated : made.sent
  if (of.count === 0) return null
  const figure = (key: string, label: string, { count, list }: Counted) => {
    const href = count > 0 ? listHref(list) : undefined
    return { key, label, value: words.count(count), ...(href === undefined ? {} : { href }) }
  }
  return (
    <Section title={simulated ? 'What came back from the sandbox' : 'What came back'}>
      {simulated && (
        <p className="note" style={{ marginBottom: 12 }}>
          Simulated: it reached nobody, and the sandbox answered in their place.
        </p>
      )}
      <Figures
        figures={[
          figure('confirmed', 'arrived', of.confirmed),
          ...(Object.keys(HEARD) as (keyof typeof HEARD)[]).map((one) =>
            figure(one, HEARD[one], of.heard[one]),
          ),
        ]}
      />
    </Section>
  )
}
