/** Whether a model may be put in charge of each connection, why or why not, and the button that does it. */
import { useMay, useWords } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { modelName } from '../../words/models.ts'
import type { ModelAnswer, PromotedAnswer } from '../../../server/api/model-shapes.ts'
import style from './model.module.css'

type Gate = ModelAnswer['gates'][number]

export function Gates({ model }: { model: ModelAnswer }) {
  if (model.gates.length === 0)
    return <p className="second">There is no connection yet that it could score.</p>
  return (
    <ul className={style.gates}>
      {model.gates.map((gate) => (
        <li key={gate.connection}>
          <div className={style.gateHead}>
            <h3>{gate.connectionName}</h3>
            <Change model={model} gate={gate} />
          </div>
          <p className="second">{standing(gate)}</p>
          {!gate.inCharge && (
            <ul className={style.checks}>
              {gate.checks.map(({ name, passed, sentence }) => (
                <li key={name}>
                  <span className={passed ? style.passed : style.refused}>
                    {passed ? '✓' : '✗'}
                    <span className="unseen">{passed ? 'Passed: ' : 'Not passed: '}</span>
                  </span>
                  <span>{sentence}</span>
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  )
}

function standing({ inCharge, champion, passes }: Gate): string {
  if (inCharge) return 'It is in charge: every score comes from it.'
  const now = champion === null ? 'No model is in charge.' : `${modelName(champion)} is in charge.`
  return `${now} ${passes ? 'This one may take over.' : 'This one does not pass, and is not put in charge.'}`
}

function Change({ model, gate }: { model: ModelAnswer; gate: Gate }) {
  const words = useWords()
  const may = useMay('admin')
  const back = model.served.find(({ connection }) => connection === gate.connection)
  // Of what ships, and of what was in charge before, nothing has to be shown.
  const returning = back !== undefined || (model.origin === 'shipped' && !gate.passes)
  const verb = returning ? 'roll-back' : 'promote'
  const send = useSend<undefined, PromotedAnswer>(
    () => ({
      path: `/v1/models/${model.hash}/${verb}`,
      method: 'POST',
      body: { connection: gate.connection },
    }),
    {
      done: `${modelName(model)} is in charge of ${gate.connectionName}. Its customers are being scored anew.`,
    },
  )
  if (gate.inCharge || !may || !(gate.passes || returning)) return null
  return (
    <Confirm
      label={returning ? 'Go back to it' : 'Put it in charge'}
      busy={send.busy}
      button={{ size: 'xs', variant: returning ? 'default' : 'filled' }}
      confirm={() => send.send(undefined)}
    >
      {back !== undefined && (
        <p>
          It was in charge from {words.day(new Date(back.since))}
          {back.until !== null && ` until ${words.day(new Date(back.until))}`}.
        </p>
      )}
      <p>
        All customers of {gate.connectionName} are scored anew by {modelName(model)}: risks, levels and
        reasons change, and are written to the CRM where they changed enough. Until they are, scores come from
        the model before. You can go back at any time.
      </p>
    </Confirm>
  )
}
