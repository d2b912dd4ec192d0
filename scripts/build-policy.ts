/** The retention policy that ships: trained in the simulator, with the figures that it reaches there on its card. */
import { encodeNetwork } from '../models/onnx/encode.ts'
import type { PolicyContents } from '../models/onnx/bundle-contents.ts'
import type { Assumptions } from '../models/policy/simulator/assumptions.ts'
import { STATE_SIZE } from '../models/policy/state.ts'
import { trainPolicy, type PolicyCard, type PolicyFigures } from '../models/policy/train.ts'

const VERSION = '1.0.0'

export async function buildPolicy(): Promise<PolicyContents> {
  const { layers, assumptions, card, figures } = trainPolicy()
  return {
    kind: 'policy',
    name: 'policy',
    version: VERSION,
    stateSize: STATE_SIZE,
    actions: card.actions,
    onnx: encodeNetwork(layers),
    assumptions,
    card: { ...card, figures },
    cardText: cardText(card, figures, assumptions),
  }
}

function cardText(card: PolicyCard, figures: PolicyFigures, assumptions: Assumptions): string {
  const months = (value: number): string => value.toFixed(4)
  const percent = (value: number): string => `${(value * 100).toFixed(1)} %`
  const { source: _definition, ...hazard } = assumptions.hazard
  const sourced = Object.entries(assumptions).flatMap(([name, part]) =>
    typeof part === 'object' && part !== null && 'source' in part
      ? [`| ${name} | ${String(part.source).replaceAll('|', '/')} |`]
      : [],
  )
  return [
    `# policy ${VERSION}: retention policy`,
    '',
    `A network from the served state (${card.stateNames.length} numbers, version ${card.stateVersion}) to the value of each action, in ${card.unit}. Trained by deep Q-learning in a simulator whose every number is stated below (assumptions ${card.assumptions}); no customer's data was used but for the measured hazards.`,
    '',
    '## How good it is, in the simulator',
    '',
    'Gain over never acting, mean over the simulated book, in months of the recurring amount.',
    '',
    '| policy | gain |',
    '| --- | --- |',
    `| exact dynamic programming that sees everything | ${months(figures.fullStateGain)} |`,
    ...Object.entries(figures.gain).map(
      ([book, gain]) =>
        `| this network, on a book that is ${book} | ${months(gain)} (${percent(figures.shareOfFullState[book as keyof typeof figures.shareOfFullState])}) |`,
    ),
    `| the same behind the benefit gate | ${months(figures.gatedGain)} |`,
    `| behind the gate, were all effects half as large | ${months(figures.gatedGainEffectsHalved)} |`,
    '',
    '## What is assumed of the actions',
    '',
    '| action | effect on the monthly hazard, mean (sd) | cost a month in force | months | source |',
    '| --- | --- | --- | --- | --- |',
    ...assumptions.actions.map(
      (action) =>
        `| ${action.key} | ${percent(action.effectMean)} (${percent(action.effectSd)}) | ${percent(action.share)} | ${action.durationMonths} | ${action.source} |`,
    ),
    '',
    `Month-to-month hazards by tenure: ${hazard.monthToMonth.map(percent).join(', ')}; a year's contract ${percent(hazard.year)}, two years' ${percent(hazard.twoYear)} a month on average.`,
    '',
    '| part of the simulator | source |',
    '| --- | --- |',
    ...sourced,
    '',
    '## Intended use',
    '',
    'To choose, among what the masks leave open, the action whose expected margin is worth its cost, until there is evidence of your own. With a budget or a capacity the values are what customers compete by.',
    '',
    '## Limits',
    '',
    ...card.limits.map((limit) => `- ${limit}`),
    '',
  ].join('\n')
}
