/** The decision as it was logged: what it was taken on, with which odds, by which versions. */
import type { ReactNode } from 'react'
import type { CustomerAnswer } from '../../../server/api/customer-shapes.ts'
import { useWords } from '../../api/frame.ts'
import { NOTHING } from '../../words/suggested.ts'
import style from './customer.module.css'

type Trace = NonNullable<CustomerAnswer['decision']>

export function DecisionData({ customer, decision }: { customer: CustomerAnswer; decision: Trace }) {
  const words = useWords()
  const percent = (share: number): string => words.percent(share)
  const facts: readonly (readonly [string, ReactNode])[] = [
    ['Decided', words.exact(new Date(decision.decidedAt))],
    ['Period', decision.period],
    ['Opened by', CAUSES[decision.cause] ?? decision.cause.replaceAll('_', ' ')],
    ['Risk then', `${percent(decision.probability)}, ${percent(decision.monthlyHazard)} a month`],
    ['Data of', words.day(decision.dataAsOf)],
    ['Chance with which it was chosen', percent(decision.propensity)],
    ['Drawn number', decision.draw.toFixed(4)],
    [
      'Price on the budget',
      decision.budgetPrice === 0 ? 'none' : `${decision.budgetPrice.toFixed(2)} for each unit of money`,
    ],
    ['Settings', `version ${decision.settingsVersion}`],
    ['Model', <Hash key="model" of={decision.modelHash} />],
    ['Policy', <Hash key="policy" of={decision.policyHash} />],
  ]
  const weighed = customer.told?.hidden === true ? [] : decision.actions.filter(({ key }) => key !== NOTHING)
  return (
    <details className={style.data}>
      <summary>View as data</summary>
      <dl className={style.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {weighed.length > 0 && (
        <div className={style.scroll}>
          <table>
            <caption className="unseen">What the policy believed of each action</caption>
            <thead>
              <tr>
                <th scope="col">Action</th>
                <th scope="col">Worth</th>
                <th scope="col">Cost</th>
                <th scope="col">Lowers the risk by</th>
                <th scope="col">More good than harm</th>
              </tr>
            </thead>
            <tbody>
              {weighed.map(({ key, expectedValueMinor, costMinor, effectMean, effectSd, benefit }) => (
                <tr key={key}>
                  <th scope="row">{words.action(key)}</th>
                  <td>
                    {expectedValueMinor === null ? '' : words.gain(expectedValueMinor, decision.currency)}
                  </td>
                  <td>{costMinor === null ? '' : words.money(costMinor, decision.currency)}</td>
                  <td>
                    {effectMean === null
                      ? 'not known'
                      : `${percent(effectMean)}${effectSd === null ? '' : ` ± ${percent(effectSd)}`}`}
                  </td>
                  <td>{benefit === null ? 'not known' : percent(benefit)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {customer.decisions.length > 1 && (
        <>
          <h3>Earlier decisions</h3>
          <ul className={style.earlier}>
            {customer.decisions.slice(1).map(({ id, decidedAt, actionKey, probability }) => (
              <li key={id}>
                {words.day(new Date(decidedAt))}: {words.action(actionKey)}, at {percent(probability)}
              </li>
            ))}
          </ul>
        </>
      )}
      <a href={`/v1/decisions/${decision.id}`} target="_blank" rel="noreferrer">
        The whole record as JSON<span className="unseen"> (in a new tab)</span>
      </a>
    </details>
  )
}

/** Enough of a hash to tell two apart; all of it when pointed at. */
function Hash({ of }: { of: string }) {
  return (
    <code title={of} className={style.hash}>
      {of.slice(0, 12)}
    </code>
  )
}

const CAUSES: Readonly<Record<string, string>> = {
  period: 'the period',
}
