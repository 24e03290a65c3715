# engine: the storage engine, no Node header. millrace: the loadable module, the only target that knows Node-API.
# Sources are listed from their folders, so that a new file needs no edit here.
{
  'target_defaults': {
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
    'cflags_cc': ['-std=c++20', '-fvisibility=hidden', '-pthread'],
    'ldflags': ['-pthread'],
    'xcode_settings': {
      'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
      'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
      'MACOSX_DEPLOYMENT_TARGET': '13.0',
    },
    'configurations': {
      'Release': {'cflags_cc': ['-O3']},
    },
  },
  'targets': [
    {
      'target_name': 'engine',
      'type': 'static_library',
      'sources': ['<!@(node -p "require(\'fs\').readdirSync(\'native/engine\').filter(f => f.endsWith(\'.cc\')).sort().map(f => \'native/engine/\' + f).join(\' \')")'],
      'cflags_cc': ['-fno-exceptions', '-fno-rtti', '-fPIC', '-Wall', '-Wextra', '-Wconversion', '-Wshadow', '-Werror'],
      'cflags_cc!': ['-Wno-unused-parameter'],
      'direct_dependent_settings': {'include_dirs': ['native']},
      'include_dirs': ['native'],
    },
    {
      'target_name': 'millrace',
      'type': 'loadable_module',
      'sources': ['<!@(node -p "require(\'fs\').readdirSync(\'native/binding\').filter(f => f.endsWith(\'.cc\')).sort().map(f => \'native/binding/\' + f).join(\' \')")'],
      'dependencies': ['engine', '<!(node -p "require(\'node-addon-api\').targets"):node_addon_api'],
      'defines': ['NAPI_VERSION=9', 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS', 'NODE_ADDON_API_DISABLE_DEPRECATED'],
      'cflags_cc': ['-Wall', '-Wextra'],
      # The engine's fault handler stays installed for as long as the process lives: so must the code it is made of.
      'conditions': [['OS=="linux"', {'ldflags': ['-Wl,-z,nodelete']}]],
    },
  ],
}
