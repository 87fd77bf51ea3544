namespace OrleansBroker.Grains.Membership;

/// <summary>The other silos, as <see cref="Refusals"/> looks at them.</summary>
internal interface ISilosAround
{
    SiloAddress Self { get; }

    /// <summary>The brokers' silos that are believed alive, this one included while it is.</summary>
    IReadOnlyCollection<SiloAddress> Active { get; }

    /// <summary>Whether the silo's machine answers that nobody listens where the silo should. No answer at all is none.</summary>
    Task<bool> RefusesAsync(SiloAddress silo);

    /// <summary>Whether the silo answers a call, by whatever connection there still is, within a moment.</summary>
    Task<bool> AnswersAsync(SiloAddress silo);

    /// <summary>Asks another silo to look for itself (<see cref="Refusals.SeesEndedAsync"/>). False also where it does not say.</summary>
    Task<bool> AskAsync(SiloAddress witness, SiloAddress silo);

    /// <summary>Has the membership table say that the silo is dead, if it can be read just now.</summary>
    Task DeclareDeadAsync(SiloAddress silo);
}
