/** A trained policy as a bundle holds it: network, assumptions, and a card with the figures that it reaches. */
import { encodeNetwork } from '../onnx/encode.ts'
import type { PolicyContents } from '../onnx/bundle-contents.ts'
import { STATE_SIZE } from './state.ts'
import type { TrainedPolicy } from './train.ts'

/**
 * @example
 * await writeBundle(folder, policyContents(trainPolicy(), '1.0.0'))
 */
export function policyContents(trained: TrainedPolicy, version: string): PolicyContents {
  const { layers, assumptions, card, figures } = trained
  return {
    kind: 'policy',
    name: 'policy',
    version,
    stateSize: STATE_SIZE,
    actions: card.actions,
    onnx: encodeNetwork(layers),
    assumptions,
    card: { ...card, figures },
    cardText: cardText(version, trained),
  }
}

function cardText(version: string, { card, figures, assumptions }: Omit<TrainedPolicy, 'layers'>): string {
  const months = (value: number): string => value.toFixed(4)
  const percent = (value: number): string => `${(value * 100).toFixed(1)} %`
  const { source: _definition, ...hazard } = assumptions.hazard
  const sourced = Object.entries(assumptions).flatMap(([name, part]) =>
    typeof part === 'object' && part !== null && 'source' in part
      ? [`| ${name} | ${String(part.source).replaceAll('|', '/')} |`]
      : [],
  )
  return [
    `# policy ${version}: retention policy`,
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
