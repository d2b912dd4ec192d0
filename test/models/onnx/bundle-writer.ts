/** Writes two bundles in turn to the folder that it is given, until it is killed. */
import { writeBundle } from '../../../models/onnx/bundle.ts'
import { churnContents } from './bundles.ts'

process.stdout.write('ready\n')
for (let turn = 0; ; turn++) await writeBundle(process.argv[2], churnContents(1 + (turn % 2)))
