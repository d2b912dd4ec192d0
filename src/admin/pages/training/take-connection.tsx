/** The connections whose own customers can be trained on. */
import { Link } from 'wouter'
import { Button } from '@mantine/core'
import { useRead } from '../../api/queries.ts'
import { Loaded } from '../../parts/loaded.tsx'
import { RowsPending } from '../../parts/pending.tsx'
import type { ConnectionAnswer } from '../../../server/api/connections.ts'
import style from './training.module.css'

export function TakeConnection() {
  const connections = useRead<{ readonly items: readonly ConnectionAnswer[] }>('/v1/connections')
  return (
    <>
      <p className="second">
        With a property that says who left, or with what Holdfast itself saw become of its decisions.
      </p>
      <Loaded read={connections} pending={<RowsPending rows={2} />}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="second">There is no connection yet.</p>
          ) : (
            <ul className={style.sources}>
              {items.map(({ id, name }) => (
                <li key={id}>
                  <span>{name}</span>
                  <Button
                    component={Link}
                    href={`/app/training?connection=${id}`}
                    variant="default"
                    size="xs"
                    aria-label={`Look at it: the customers of ${name}`}
                  >
                    Look at it
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  )
}
