// What is said about what was lost on the way. These packets stand in no stream.

extension Action {
  /// Numbers of streams, and blobs by their hashes: asked for again (`resend-request`), or not to be had any more (`gone`).
  public struct Missing: Hashable, Sendable, Codable {
    /// Numbers.
    public var ranges: [Range]
    /// SHA-256 of blobs.
    public var blobs: [Hash]

    /// Numbers of one stream, both ends included.
    public struct Range: Hashable, Sendable, Codable {
      /// The stream, of whoever is asked or says that it is gone.
      public var stream: StreamID
      /// The first number, from 1 on.
      public var first: UInt64
      /// The last number.
      public var last: UInt64
      /// Numbers of one stream.
      public init(stream: StreamID, first: UInt64, last: UInt64) {
        self.stream = stream
        self.first = first
        self.last = last
      }
    }

    /// Numbers and blobs.
    public init(ranges: [Range] = [], blobs: [Hash] = []) {
      self.ranges = ranges
      self.blobs = blobs
    }
  }

  /// How far a stream of the sender reaches, so that the loss of its last packet is noticed.
  public struct Head: Hashable, Sendable, Codable {
    /// A stream that the recipient is in.
    public var stream: StreamID
    /// Its last number for the recipient.
    public var last: UInt64
    /// How far a stream reaches.
    public init(stream: StreamID, last: UInt64) {
      self.stream = stream
      self.last = last
    }
  }
}
