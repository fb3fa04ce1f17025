import CZeroMQ
import Dispatch
import Foundation

/// A thread that runs an actor's jobs and, between them, waits for its sockets: what blocks never blocks Swift's own
/// pool.
///
/// The actor that owns the sockets names this executor as its own, so that sockets are touched on this thread alone.
package final class PollingExecutor: SerialExecutor, @unchecked Sendable {
    // `@unchecked`: jobs, isStopped and thread are guarded by the lock; items and onReadable are touched on the thread
    // only.
    private let lock = NSLock()
    private var jobs: [UnownedJob] = []
    private var isStopped = false
    private var thread: pthread_t?
    private let wakeDescriptor: Int32
    private var items: [zmq_pollitem_t] = []
    private var onReadable: (() -> Void)?
    /// Where jobs go after `stop`: they touch no socket any more, but somebody may wait for them.
    private let afterwards: DispatchQueue

    package init(name: String) {
        wakeDescriptor = czmq_eventfd()
        precondition(wakeDescriptor >= 0, "no eventfd: \(String(cString: strerror(errno)))")
        afterwards = DispatchQueue(label: "\(name).afterwards")
        let thread = Thread { [self] in loop() }
        thread.name = name
        thread.start()
    }

    deinit { close(wakeDescriptor) }

    // MARK: Executor

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isStopped = lock.withLock {
            if !self.isStopped { jobs.append(job) }
            return self.isStopped
        }
        if isStopped {
            afterwards.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
        } else {
            wake()
        }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    package func checkIsolated() {
        let thread = lock.withLock { self.thread }
        precondition(thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false, "not on the sockets' thread")
    }

    // MARK: For the owner, on this executor

    /// From now on `onReadable` is called, on this thread, while one of the sockets has something to receive.
    package func watch(_ sockets: [SocketReference], onReadable: @escaping () -> Void) {
        items = sockets.map { zmq_pollitem_t(socket: $0.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0) }
        self.onReadable = onReadable
    }

    /// Ends the thread after the jobs that are waiting. May be called from anywhere, and again.
    package func stop() {
        lock.withLock { isStopped = true }
        wake()
    }

    // MARK: The thread

    private func loop() {
        lock.withLock { thread = pthread_self() }
        while true {
            let (due, isStopped) = lock.withLock {
                defer { jobs.removeAll(keepingCapacity: true) }
                return (jobs, self.isStopped)
            }
            for job in due { job.runSynchronously(on: asUnownedSerialExecutor()) }
            if isStopped {
                items = []
                onReadable = nil
                return lock.withLock { thread = nil }
            }
            if due.isEmpty { waitForSomething() }
        }
    }

    private func waitForSomething() {
        var waiting = items
        waiting.append(zmq_pollitem_t(socket: nil, fd: wakeDescriptor, events: Int16(ZMQ_POLLIN), revents: 0))
        // Interrupted by a signal: around again.
        guard zmq_poll(&waiting, Int32(waiting.count), -1) > 0 else { return }
        if waiting[waiting.count - 1].revents != 0 {
            var count: UInt64 = 0
            _ = read(wakeDescriptor, &count, MemoryLayout<UInt64>.size)
        }
        if waiting.dropLast().contains(where: { $0.revents != 0 }) { onReadable?() }
    }

    private func wake() {
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, MemoryLayout<UInt64>.size)
    }
}

/// A socket as the executor waits for it; valid as long as its owner keeps the socket.
package struct SocketReference {
    let handle: UnsafeMutableRawPointer
}

extension Socket {
    package var reference: SocketReference { SocketReference(handle: handle) }
}
