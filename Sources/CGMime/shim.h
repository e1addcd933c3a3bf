// GMime's casts and type checks are macros, which Swift cannot see.
#pragma once
#include <gmime/gmime.h>
