// Which commit this was built of.
#ifndef CVERSION_H
#define CVERSION_H

/// As git abbreviates it, with `-dirty` behind it where files were changed; empty where the build was not told.
const char *cversion_commit(void);

#endif
