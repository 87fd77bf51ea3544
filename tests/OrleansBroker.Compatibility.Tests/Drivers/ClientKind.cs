namespace OrleansBroker.Compatibility.Tests.Drivers;

/// <summary>A client that other people wrote, and how the tests start the driver in front of it.</summary>
/// <param name="Name">The name in test cases.</param>
/// <param name="Program">The program that runs the driver.</param>
/// <param name="Script">The driver, below the clients' directory.</param>
/// <param name="Requirements">Every file that has to be there, with what is missing if it is not.</param>
internal sealed record ClientKind(string Name, string Program, string Script, params (string Path, string Missing)[] Requirements)
{
    /// <summary>Why the client cannot run on this machine; null if it can.</summary>
    public string? Missing { get; } = Requirements.Where(each => !File.Exists(each.Path)).Select(each => each.Missing).FirstOrDefault();
}
