import neostandard from 'neostandard'

export default [
  { ignores: ['dist/', 'build/', 'coverage/', 'bench/results/'] },
  ...neostandard({ ts: true, noJsx: true }),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    // A promise nobody waits for is how an acknowledgement gets lost: these two rules find it.
    rules: {
      'no-void': ['error', { allowAsStatement: true }],
      '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [{ from: 'package', name: ['test', 'describe', 'it', 'suite'], package: 'node:test' }] }],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }]
    }
  },
  // AssemblyScript: its integers have 64 bits, and the names of its own are as they are.
  { files: ['src/worker/kernel/assembly/**'], rules: { camelcase: 'off', '@typescript-eslint/no-loss-of-precision': 'off' } }
]
