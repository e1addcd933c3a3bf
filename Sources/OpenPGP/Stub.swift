public import FoundationEssentials
extension KeyHome { public func adopt(_ key: Key, from: URL?) async throws(CertificateFailure) {} }
