public import FoundationEssentials
public import Packets

/// What can be asked about keys and addresses: whose they are, and what takes their place.
public protocol KeyOperations: Sendable {
  /// What the user and a contact compare to be sure of each other's keys.
  func comparison(with contact: String) async throws(OperationFailure) -> Comparison
  /// Marks a contact's key as verified, if what they read out is what is seen here: the code, or the fingerprint of their key. Returns
  /// the name.
  func verify(_ contact: String, code: String) async throws(OperationFailure) -> String
  /// Tells all contacts that the account is reached at these endpoints from now on. Returns how many.
  func move(to endpoints: [String]) async throws(OperationFailure) -> Int
  /// Makes a new key, tells all contacts under the old one, and goes on under the new. Returns it, and how many are told.
  func changeKey() async throws(OperationFailure) -> (key: Fingerprint, told: Int)
  /// Tells all contacts that the account's key is not to be believed any more. Returns how many.
  ///
  /// - Parameter certificate: a file with a revocation certificate; the one that was made with the key where none is named.
  func revoke(certificate: URL?) async throws(OperationFailure) -> Int
  /// Goes on with a contact whose keys were in doubt, with the key that is pinned. Returns the name.
  func unfreeze(_ contact: String) async throws(OperationFailure) -> String
}

/// What two people compare.
public struct Comparison: Hashable, Sendable {
  /// Whom it is about.
  public var name: String
  /// Eight digits, the same on both sides if each has the other's key.
  public var code: String
  /// The primary fingerprint that is pinned for them.
  public var theirs: Fingerprint
  /// The user's own.
  public var ours: Fingerprint
  /// Whether they were compared before.
  public var isVerified: Bool

  /// What is compared with somebody.
  public init(name: String, code: String, theirs: Fingerprint, ours: Fingerprint, isVerified: Bool) {
    self.name = name
    self.code = code
    self.theirs = theirs
    self.ours = ours
    self.isVerified = isVerified
  }
}
