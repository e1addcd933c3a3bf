// room to be built
