import neostandard from 'neostandard'
import ts from 'typescript-eslint'

const TYPESCRIPT = ['**/*.ts']
const ASSEMBLYSCRIPT = ['src/worker/kernel/assembly/**']

const off = (...rules) => Object.fromEntries(rules.map(rule => [`@typescript-eslint/${rule}`, 'off']))

// A title of a test, and a text of 60 characters or more, stay in one piece: so they are found.
const IN_ONE_PIECE =
  /^\s*(?:await )?(?:t\.)?test\(|^(?:[^'"`]|(['"`])(?:\\.|(?!\1)[^\\])*\1)*?(['"`])(?:\\.|(?!\2)[^\\]){60,}\2/

export default [
  { ignores: ['dist/', 'build/', 'coverage/', 'bench/results/'] },
  ...[...ts.configs.strictTypeChecked, ...ts.configs.stylisticTypeChecked].map(config => ({ ...config, files: TYPESCRIPT })),
  ...neostandard({ ts: true, noJsx: true }),
  {
    files: TYPESCRIPT,
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // A promise nobody waits for is how an acknowledgement gets lost.
      'no-void': ['error', { allowAsStatement: true }],
      '@typescript-eslint/no-floating-promises': ['error', {
        allowForKnownSafeCalls: [{ from: 'package', name: ['test', 'describe', 'it', 'suite'], package: 'node:test' }]
      }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/array-type': ['error', { default: 'array-simple' }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', {
        allowNumber: true, allow: [{ from: 'package', name: 'URLSearchParams', package: 'url' }]
      }],
      // An empty text stands for none in many a protocol.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: true }],
      // These find no fault here, only other ways to write the same: `return stop()` to leave early, `() => {}` for
      // nothing to be done, a type where an interface would do, a loop by index, functions of an object that need no
      // `this`.
      ...off('no-confusing-void-expression', 'no-empty-function', 'consistent-type-definitions', 'prefer-for-of', 'unbound-method')
    }
  },
  {
    // Loops over bytes, entries and columns, in which a check would cost. In rhea's events, which the embedded bus
    // reads, every field may be missing by its type.
    files: [
      'src/worker/{filters,formats,kernel,input,output,redaction,streams}/**', 'src/worker/encoder.ts', 'src/source/amqp/{fingerprint,frame-check,sections,transfer}.ts',
      'src/embedded/**', 'src/generator/**', 'bench/**', 'test/**'
    ],
    rules: off('no-non-null-assertion')
  },
  {
    // Here the compiler believes that an index finds something. So the first rule would forbid to look whether it did.
    // And `as` is as good as `!`.
    files: ['bench/**/*.ts', 'test/**/*.ts'],
    rules: off('no-unnecessary-condition', 'non-nullable-type-assertion-style')
  },
  {
    // A test looks at what programs answer, parsed and untyped, and fails where it is otherwise. Its stand-ins promise
    // without waiting, and its cases are made of texts by the character.
    files: ['test/**/*.ts'],
    rules: off(
      'no-unsafe-member-access', 'no-unsafe-assignment', 'no-unsafe-argument', 'no-unsafe-call', 'no-unsafe-return', 'no-explicit-any',
      'require-await', 'no-misused-spread', 'restrict-template-expressions', 'restrict-plus-operands', 'no-base-to-string',
      'only-throw-error', 'use-unknown-in-catch-callback-variable', 'no-deprecated', 'no-unsafe-class-instance-assignment'
    )
  },
  {
    // Grafana 12 reads dashboards of the first schema; the builders of the second are for what comes after.
    files: ['deploy/grafana/definition/**'],
    rules: off('no-deprecated')
  },
  {
    // rhea's types leave out what is inside it; one file says what is there.
    files: ['src/source/amqp/**'],
    ignores: ['src/source/amqp/rhea.ts'],
    rules: {
      'no-restricted-syntax': ['error', {
        selector: 'TSAsExpression > TSAsExpression[typeAnnotation.type="TSUnknownKeyword"]',
        message: 'Only rhea.ts casts into rhea.'
      }]
    }
  },
  // Lines that are read: comments at 120 columns, code at 140.
  {
    files: [...TYPESCRIPT, '**/*.js'],
    rules: {
      '@stylistic/max-len': ['error', {
        code: 140, comments: 120, ignoreUrls: true, ignoreRegExpLiterals: true, ignorePattern: IN_ONE_PIECE.source
      }]
    }
  },
  // AssemblyScript has types, integers of 64 bits, and names of its own.
  { files: ASSEMBLYSCRIPT, ...ts.configs.disableTypeChecked },
  {
    files: ASSEMBLYSCRIPT,
    rules: {
      camelcase: 'off',
      ...off('no-loss-of-precision', 'consistent-type-assertions', 'array-type')
    }
  }
]
