internal import Account
internal import Glibc

@main enum Main {
  static func main() async {
    Terminal.ignoreBrokenPipes()
  }
}
