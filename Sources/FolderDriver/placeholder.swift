public import Drivers
public import FoundationEssentials
public struct FolderDriver: Driver {
  public init(receivingFrom: URL?) {}
  public var name: String { "folder" }
  public func claims(_ endpoint: String) -> Bool { false }
  public func receive(into intake: any Intake, _ mode: ReceiveMode) async throws(DriverFailure) { }
  public func settle(_ placements: [Origin: Placement]) async throws(DriverFailure) -> Set<Origin> { [] }
  public func transmit(_ consignments: [Consignment]) -> AsyncStream<(id: Int64, outcome: Outcome)> { AsyncStream { $0.finish() } }
}
