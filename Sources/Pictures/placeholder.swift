public import FoundationEssentials
public enum PictureFailure: Error { case no }
public struct Prepared: Sendable { public var file: URL; public var type: String; public var width: Int; public var height: Int }
public struct PictureHeader { public var type = ""; public var width = 0; public var height = 0; public init(_ b: [UInt8]) throws(PictureFailure) { throw .no } }
public struct Photographer: Sendable {
  public init(scratch: URL) {}
  public func prepare(_ file: URL) async throws(PictureFailure) -> Prepared { throw .no }
  public func thumbnail(_ file: URL) async throws(PictureFailure) -> Prepared { throw .no }
}
