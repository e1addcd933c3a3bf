public import Drivers
extension MailDriver {
  public func check() async throws(DriverFailure) {}
  public func rescan(into: some Intake) async throws(DriverFailure) {}
}
